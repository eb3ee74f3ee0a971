-- Conservation: each sale of silver is in all_sales, which is matched or unmatched by construction.
-- It looks at the files that were built since it last passed, in an audit at all of them.
with sales as (
    select sale_id
    from {{ ref('sales') }}
    where {{ built_since_passed(builder='all_sales') }}
),

all_sales as (
    select sale_id
    from {{ ref('all_sales') }}
    where {{ built_since_passed(builder='all_sales') }}
)

select
    coalesce(sales.sale_id, all_sales.sale_id) as sale_id,
    sales.sale_id is not null as is_in_silver,
    all_sales.sale_id is not null as is_in_gold
from sales
full outer join all_sales
    on sales.sale_id = all_sales.sale_id
where sales.sale_id is null or all_sales.sale_id is null
