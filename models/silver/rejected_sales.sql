-- One row: one rejected sale line, as it is in the file, with every reason. Key: sale_id.
{{ rejected_lines(
    'sales',
    key='sale_id',
    columns=['sold_on', 'customer_id', 'product', 'quantity', 'shop', 'platform'],
) }}
