-- One row: one line of a sales file, typed, with the reasons why it is rejected, if any.
-- Key: sale_id. Holds every bronze row: equal lines are as many sales, told apart by occurrence.
{%- set columns = ['sold_on', 'customer_id', 'product', 'quantity', 'shop', 'platform'] %}

with product_aliases as (
    select
        upper(trim(spelling)) as spelling,
        upper(trim(product)) as product
    from {{ ref('product_aliases') }}
),

products as (
    select upper(trim(product)) as product from {{ ref('products') }}
),

platforms as (
    select lower(trim(platform)) as platform from {{ ref('platforms') }}
),

lines as (
    {{ lines_to_check('sales', columns, {'sold_on': 'date', 'quantity': 'number'}) }}
),

typed as (
    select
        *,
        {{ iso_date('sold_on_text') }} as sold_on,
        upper(product_text) as spelling,
        {{ whole_number('quantity_text', 'bigint') }} as quantity,
        lower(platform_text) as platform
    from lines
),

spelled as (
    select
        typed.*,
        coalesce(product_aliases.product, typed.spelling) as product,
        platforms.platform is not null as is_known_platform
    from typed
    left join product_aliases
        on typed.spelling = product_aliases.spelling
    left join platforms
        on typed.platform = platforms.platform
),

final as (
    select
        -- ids
        {{ line_key('spelled') }} as sale_id,
        spelled.customer_id_text as customer_id,

        -- dates, numbers and text
        spelled.sold_on,
        spelled.quantity,
        spelled.product,
        products.product is not null as is_known_product,
        spelled.shop_text as shop,
        spelled.platform,

        -- the file's text
        {{ raw_columns(columns, 'spelled') }},

        -- checks
        {{ reject_reasons(
            columns,
            required={
                'sold_on': 'spelled.sold_on_text',
                'customer_id': 'spelled.customer_id_text',
                'product': 'spelled.product',
                'quantity': 'spelled.quantity_text',
                'shop': 'spelled.shop_text',
                'platform': 'spelled.platform',
            },
            checks={
                'invalid_date': 'spelled.sold_on_text is not null and spelled.sold_on is null',
                'implausible_date': outside_range('spelled.sold_on', 'date'),
                'invalid_quantity': 'spelled.quantity_text is not null and spelled.quantity is null',
                'implausible_quantity': outside_range('spelled.quantity'),
                'unknown_platform': 'spelled.platform is not null and not spelled.is_known_platform',
            },
            ids=['customer_id'],
        ) }} as reject_reasons,
        '{{ rules_fingerprint() }}' as _rules,

        -- file
        {{ file_columns('spelled') }}
    from spelled
    left join products
        on spelled.product = products.product
)

select * from final
