-- One row: one line of a sales file, typed, with the reasons why it is rejected, if any.
-- Key: sale_id. Holds every bronze row: equal lines are as many sales, told apart by occurrence.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_files',
    on_schema_change='fail',
) }}

{%- set raw_columns = [
    'raw_sold_on', 'raw_customer_id', 'raw_product', 'raw_quantity', 'raw_shop', 'raw_platform',
] %}

with bronze_sales as (
    select * from {{ ref('bronze_sales') }}
),

product_aliases as (
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

trimmed as (
    select
        -- the file's text
        sold_on as raw_sold_on,
        customer_id as raw_customer_id,
        product as raw_product,
        quantity as raw_quantity,
        shop as raw_shop,
        platform as raw_platform,

        -- the same, trimmed; NULL when blank
        {{ trimmed('sold_on') }} as sold_on_text,
        {{ trimmed('customer_id') }} as customer_id,
        upper({{ trimmed('product') }}) as product_text,
        {{ trimmed('quantity') }} as quantity_text,
        {{ trimmed('shop') }} as shop,
        lower({{ trimmed('platform') }}) as platform,

        -- file
        _source_file,
        _source_modified_at,
        _batch_id,
        _loaded_at,
        _corrupt_record
    from bronze_sales
),

hashed as (
    select
        *,
        {{ line_hash(['_source_file'] + raw_columns + ['_corrupt_record']) }} as line_hash
    from trimmed
),

typed as (
    select
        hashed.*,
        {{ iso_date('hashed.sold_on_text') }} as sold_on,
        {{ whole_number('hashed.quantity_text', 'bigint') }} as quantity,
        coalesce(product_aliases.product, hashed.product_text) as product,
        platforms.platform is not null as is_known_platform,
        row_number() over (
            partition by hashed._source_file, hashed.line_hash
            order by hashed.line_hash
        ) as occurrence
    from hashed
    left join product_aliases
        on hashed.product_text = product_aliases.spelling
    left join platforms
        on hashed.platform = platforms.platform
),

final as (
    select
        -- ids
        sha2(concat(typed.line_hash, '-', typed.occurrence), 256) as sale_id,
        typed.customer_id,

        -- dates, numbers and text
        typed.sold_on,
        typed.quantity,
        typed.product,
        products.product is not null as is_known_product,
        typed.shop,
        typed.platform,

        -- the file's text
        typed.raw_sold_on,
        typed.raw_customer_id,
        typed.raw_product,
        typed.raw_quantity,
        typed.raw_shop,
        typed.raw_platform,

        -- checks
        {{ reject_reasons(
            required={
                'sold_on': 'typed.sold_on_text',
                'customer_id': 'typed.customer_id',
                'product': 'typed.product',
                'quantity': 'typed.quantity_text',
                'shop': 'typed.shop',
                'platform': 'typed.platform',
            },
            checks={
                'corrupt_line': 'typed._corrupt_record is not null',
                'invalid_date': 'typed.sold_on_text is not null and typed.sold_on is null',
                'invalid_quantity':
                    'typed.quantity_text is not null and coalesce(typed.quantity, 0) < 1',
                'unknown_platform': 'typed.platform is not null and not typed.is_known_platform',
                'unclosed_quote': unclosed_quote(raw_columns),
                'undeclared_escape': undeclared_escape(raw_columns),
            },
        ) }} as reject_reasons,
        '{{ rules_fingerprint() }}' as _rules,

        -- file
        typed._source_file,
        typed._source_modified_at,
        typed._batch_id,
        typed._loaded_at,
        typed._corrupt_record
    from typed
    left join products
        on typed.product = products.product
)

select * from final
