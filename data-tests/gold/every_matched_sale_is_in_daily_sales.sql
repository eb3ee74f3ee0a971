-- daily_sales counts the matched sales and their units, day by day: the days that were touched
-- since this test last passed, in an audit all of them.
with matched as (
    select
        sold_on,
        count(*) as orders,
        sum(quantity) as units
    from {{ ref('sales_of_customer') }}
    where {{ touched_since_passed() }}
    group by sold_on
),

daily as (
    select
        sold_on,
        sum(orders) as orders,
        sum(units) as units
    from {{ ref('daily_sales') }}
    where {{ touched_since_passed() }}
    group by sold_on
)

select
    matched.orders as matched_orders,
    daily.orders as daily_orders,
    matched.units as matched_units,
    daily.units as daily_units,
    coalesce(matched.sold_on, daily.sold_on) as sold_on
from matched
full outer join daily
    on matched.sold_on = daily.sold_on
where
    not matched.orders <=> daily.orders
    or not matched.units <=> daily.units
