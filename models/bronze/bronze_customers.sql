-- One row: one line of a customer file, under business names, every value still the file's text.
-- No key: a customer can be on several lines, of one file or of many.
with source as (
    select * from {{ source('bronze', 'customers') }}
),

final as (
    select
        id as customer_id,
        customername as customer_name,
        gender,
        age,

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
