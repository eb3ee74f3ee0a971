{#- The days on which a daily table does not add up to its sales: those that were touched since the
    test last passed, in an audit all of them. -#}
{% macro days_that_differ(sales, daily) -%}
    with counted as (
        select
            sold_on,
            count(*) as orders,
            sum(quantity) as units
        from {{ sales }}
        where {{ touched_since_passed(daily.identifier) }}
        group by sold_on
    ),
    daily as (
        select
            sold_on,
            sum(orders) as orders,
            sum(units) as units
        from {{ daily }}
        where {{ touched_since_passed(daily.identifier) }}
        group by sold_on
    )
    select
        coalesce(counted.sold_on, daily.sold_on) as sold_on,
        counted.orders as counted_orders,
        daily.orders as daily_orders,
        counted.units as counted_units,
        daily.units as daily_units
    from counted
    full outer join daily on counted.sold_on = daily.sold_on
    where not counted.orders <=> daily.orders or not counted.units <=> daily.units
{%- endmacro %}
