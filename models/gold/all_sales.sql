-- One row: one accepted sale line, with its customer's newest attributes where the customer is
-- known. Key: sale_id. sales_of_customer and unmatched_sales are its two halves, so that no join
-- can lose or double a sale.
{{ config(
    materialized='incremental',
    incremental_strategy='match_customers',
    liquid_clustered_by=['sold_on', '_source_file'],
    meta={'dataset': 'sales'},
    on_schema_change='fail',
    post_hook="{{ log_files(['sales', 'customers']) }}",
) }}
{%- if not execute -%}{%- set appended_to_by_the_strategy = ref('touched_days') -%}{%- endif %}

with sales as (
    select * from {{ ref('sales') }}
    {{ where_file_is_in(pending_files('sales')) }}
),

customers as (
    select * from {{ ref('customers') }}
),

final as (
    select
        -- ids
        sales.sale_id,
        sales.customer_id,

        -- customer
        customers.customer_name,
        customers.gender,
        customers.age,

        -- sale
        sales.sold_on,
        sales.product,
        sales.quantity,
        sales.shop,
        sales.platform,

        -- file
        sales._source_file,

        -- checks
        customers.customer_id is not null as is_matched
    from sales
    left join customers
        on sales.customer_id = customers.customer_id
)

select * from final
