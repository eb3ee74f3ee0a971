-- One row: one file that a model has taken over, with what became of its rows. Never changed, only
-- added to, by macros/incremental. The newest row of (model_name, dataset, source_file) is that
-- file's state in the model. A model that is missing here takes all its files over again.
{{ config(liquid_clustered_by=['model_name', 'dataset']) }}

select
    -- ids
    cast(null as string) as model_name,
    cast(null as string) as dataset,
    cast(null as string) as source_file,

    -- what was taken over
    cast(null as string) as batch_id,
    cast(null as string) as rules,

    -- rows; NULL for a model that checks nothing
    cast(null as bigint) as bronze_rows,
    cast(null as bigint) as accepted_rows,
    cast(null as bigint) as rejected_rows,
    cast(null as array<struct<reason: string, row_count: bigint>>) as rejections,

    cast(null as timestamp) as logged_at
where false
