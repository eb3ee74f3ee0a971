-- daily_unmatched_sales counts the unmatched sales and their units, day by day: the days that were
-- touched since this test last passed, in an audit all of them.
with unmatched as (
    select
        sold_on,
        count(*) as orders,
        sum(quantity) as units
    from {{ ref('unmatched_sales') }}
    where {{ touched_since_passed() }}
    group by sold_on
),

daily as (
    select
        sold_on,
        sum(orders) as orders,
        sum(units) as units
    from {{ ref('daily_unmatched_sales') }}
    where {{ touched_since_passed() }}
    group by sold_on
)

select
    unmatched.orders as unmatched_orders,
    daily.orders as daily_orders,
    unmatched.units as unmatched_units,
    daily.units as daily_units,
    coalesce(unmatched.sold_on, daily.sold_on) as sold_on
from unmatched
full outer join daily
    on unmatched.sold_on = daily.sold_on
where
    not unmatched.orders <=> daily.orders
    or not unmatched.units <=> daily.units
