-- One row: one line of a sales file, under business names, every value still the file's text.
-- No key: two equal lines are two sales.
with source as (
    select * from {{ source('bronze', 'sales') }}
),

final as (
    select
        createtime as sold_on,
        id as customer_id,
        product,
        quan as quantity,
        shop,
        platform,

        -- file
        _source_file,
        _source_etag,
        _source_size,
        _source_modified_at,
        _batch_id,
        _loaded_at,
        _corrupt_record
    from source
)

select * from final
