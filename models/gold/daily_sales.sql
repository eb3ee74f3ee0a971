-- One row: a day's sales of one product on one platform to one gender.
-- Key: sold_on, platform, product, gender. Orders and units may be summed over rows; customers
-- may not, as one customer can be in several. A run counts again the days that were touched.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_days',
    liquid_clustered_by=['sold_on'],
    on_schema_change='fail',
    post_hook='{{ log_days() }}',
) }}

with sales_of_customer as (
    select * from {{ ref('sales_of_customer') }}
    {{ where_day_is_in(pending_days()) }}
),

final as (
    select
        sold_on,
        platform,
        product,
        gender,
        count(*) as orders,
        sum(quantity) as units,
        count(distinct customer_id) as customers
    from sales_of_customer
    group by sold_on, platform, product, gender
)

select * from final
