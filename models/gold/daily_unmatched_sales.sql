-- One row: a day's sales of one product on one platform whose customers are unknown.
-- Key: sold_on, platform, product. A run counts again the days that were touched.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_days',
    liquid_clustered_by=['sold_on'],
    on_schema_change='fail',
    post_hook='{{ log_days() }}',
) }}

with unmatched_sales as (
    select * from {{ ref('unmatched_sales') }}
    {{ where_day_is_in(pending_days()) }}
),

final as (
    select
        sold_on,
        platform,
        product,
        count(*) as orders,
        sum(quantity) as units
    from unmatched_sales
    group by sold_on, platform, product
)

select * from final
