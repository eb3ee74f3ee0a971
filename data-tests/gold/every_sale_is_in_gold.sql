-- Conservation: each sale of silver is in exactly one of sales_of_customer and unmatched_sales, and
-- daily_sales counts the matched ones and their units.
-- Prevents the inner join from losing or doubling sales unseen.
with counted as (
    select
        sale_id,
        1 as in_silver,
        0 as in_gold
    from {{ ref('sales') }}
    union all
    select
        sale_id,
        0 as in_silver,
        1 as in_gold
    from {{ ref('sales_of_customer') }}
    union all
    select
        sale_id,
        0 as in_silver,
        1 as in_gold
    from {{ ref('unmatched_sales') }}
),

matched as (
    select
        count(*) as orders,
        sum(quantity) as units
    from {{ ref('sales_of_customer') }}
),

daily as (
    select
        sum(orders) as orders,
        sum(units) as units
    from {{ ref('daily_sales') }}
)

select
    sale_id,
    'not in exactly one gold table' as problem
from counted
group by sale_id
having sum(in_silver) != 1 or sum(in_gold) != 1
union all
select
    cast(null as string) as sale_id,
    'daily_sales differs from sales_of_customer' as problem
from matched
cross join daily
where
    matched.orders != coalesce(daily.orders, 0)
    or coalesce(matched.units, 0) != coalesce(daily.units, 0)
