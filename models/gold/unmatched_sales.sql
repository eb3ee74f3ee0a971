-- One row: one accepted sale line whose customer is on no accepted customer line. Key: sale_id.
-- Such a sale moves to sales_of_customer on the first run after its customer has arrived.
with sales as (
    select * from {{ ref('sales') }}
),

customers as (
    select * from {{ ref('customers') }}
),

final as (
    select
        -- ids
        sales.sale_id,
        sales.customer_id,

        -- sale
        sales.sold_on,
        sales.product,
        sales.quantity,
        sales.shop,
        sales.platform,

        -- file
        sales._source_file as source_file
    from sales
    left join customers
        on sales.customer_id = customers.customer_id
    where customers.customer_id is null
)

select * from final
