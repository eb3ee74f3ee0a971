-- One row: one rejected customer line, as it is in the file, with every reason. Key: record_id.
{{ rejected_lines(
    'customers', key='record_id', columns=['customer_id', 'customer_name', 'gender', 'age']
) }}
