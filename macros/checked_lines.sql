{#- What is the same in every checked_<dataset>, so that its own SQL is its rules. -#}


{#- The columns that say where a line comes from; every model up to silver hands them on. -#}
{% macro file_columns(relation='') -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    {{ prefix }}_source_file,
        {{ prefix }}_source_modified_at,
        {{ prefix }}_batch_id,
        {{ prefix }}_loaded_at,
        {{ prefix }}_corrupt_record
{%- endmacro %}


{#- The lines of the pending files of bronze_<dataset>: each column's text as it is in the file
    (raw_<column>), the same trimmed (<column>_text, NULL when blank or a marker of nothing), what the
    line has to do with a header inside its file (found_header), the file's columns, a hash of the
    line and its number among the equal lines of its file. Together the last two are a key. For each of
    the ranges <column>__lowest and <column>__highest.

    An engine may run a query again wherever it is named, so what is named more than once reads raw
    columns alone, and a text is made once a line.
    columns: in the order in which the dataset declares them.
    ranges: the typed columns that have a plausible range, each with its kind: number, date or timestamp. -#}
{% macro lines_to_check(dataset, columns, ranges={}) -%}
    {%- set raw_columns = [] -%}
    {%- for column in columns -%}{%- do raw_columns.append('raw_' ~ column) -%}{%- endfor -%}
    {%- set hashed = ['_source_file'] + raw_columns + ['_corrupt_record'] -%}
    {%- set names = names_in_headers(dataset) -%}
    with pending as (
        select
            {%- for column in columns %}
            {{ column }} as raw_{{ column }},
            {%- endfor %}
            {{ file_columns() }}
        from {{ ref('bronze_' ~ dataset) }}
        {{ where_file_is_in(pending_files(dataset)) }}
    ),
    second_headers as (
        {{ files_with_second_header('pending', columns, names) }}
    ),
    missing as (
        {{ listed_markers() }}
    ),
    {%- if ranges %}
    limits as (
        {{ limits_of(ranges) }}
    ),
    {%- endif %}
    {{ numbered_lines('pending', hashed) }},
    trimmed as (
        {{ trimmed_lines('numbered', columns, names) }}
    )
    select
        {{ raw_columns | join(', ') }},
        {%- for column in columns %}
        {{ unless_marker(column, 'missing.markers') }} as {{ column }}_text,
        {%- endfor %}
        case
            when second_headers._source_file is not null then 'second_header'
            else {{ found_header(columns, names) }}
        end as found_header,
        {%- if ranges %}
        limits.*,
        {%- endif %}
        {{ file_columns('trimmed') }},
        line_hash,
        occurrence
    from missing
    {%- if ranges %}
    cross join limits
    {%- endif %}
    cross join trimmed
    left join second_headers on trimmed._source_file = second_headers._source_file
{%- endmacro %}


{#- The CTE numbered, and what it is made of: the lines with a hash and their number among equal ones.
    Only lines whose cheap key repeats are sorted and numbered: a window over all lines costs most of
    a first build. Different lines that share a cheap key are told apart by their hash.
    hashed: the columns that make a line. -#}
{% macro numbered_lines(relation, hashed) -%}
    keyed as (
        select *, xxhash64({{ hashed | join(', ') }}) as cheap_key
        from {{ relation }}
    ),
    repeated as (
        select cheap_key from keyed group by cheap_key having count(*) > 1
    ),
    numbered as (
        select keyed.*, {{ line_hash(hashed) }} as line_hash, 1 as occurrence
        from keyed
        left anti join repeated on keyed.cheap_key = repeated.cheap_key
        union all
        select *, row_number() over (partition by line_hash order by line_hash) as occurrence
        from (
            select keyed.*, {{ line_hash(hashed) }} as line_hash
            from keyed
            left semi join repeated on keyed.cheap_key = repeated.cheap_key
        )
    )
{%- endmacro %}


{#- A query of lines with each raw_<column> trimmed, and its place in a header. -#}
{% macro trimmed_lines(relation, columns, names) -%}
    select
        {%- for column in columns %}
        {{ trimmed('raw_' ~ column) }} as {{ column }},
        {%- endfor %}
        {{ header_places(columns, names) }}
        *
    from {{ relation }}
{%- endmacro %}


{#- A query of the files that hold a header of another order than their first. -#}
{% macro files_with_second_header(relation, columns, names) -%}
    select distinct _source_file
    from (
        select {{ header_places(columns, names) }} _source_file
        from {{ relation }}
    )
    where {{ found_header(columns, names) }} = 'second_header'
{%- endmacro %}


{#- For each column <column>_place: where its value, as the loader would normalise it were it a header's,
    stands among all names that headers can have, and 0 where it is none of them. The names are one text
    for find_in_set; a name has no comma.
    names: for each column, its own and its aliases, as names_in_headers gives them. -#}
{% macro header_places(columns, names) -%}
    {%- set all_names = names | sum(start=[]) -%}
    {%- if all_names -%}
        {%- for column in columns %}
            coalesce(find_in_set(
                lower(translate(btrim(raw_{{ column }}, ' \t\r\n\u00a0\u200b\u3000\ufeff"\''), ' .-', '___')),
                {{ string_literals([all_names | join(',')]) }}
            ), 0) as {{ column }}_place,
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{#- 'header_line' for a line that is the header again, 'second_header' for one with the header's names
    in another order, otherwise NULL; by the columns of `header_places`. A line is a header when at least
    half of its values, and two, are declared names or aliases. -#}
{% macro found_header(columns, names) -%}
    {%- if not names -%}
        cast(null as string)
    {%- else -%}
        {%- set places = namespace(known=0) -%}
        case
            when
                {% for column in columns -%}
                {{ '+ ' if not loop.first }}cast({{ column }}_place > 0 as int)
                {% endfor -%}
                >= {{ [(columns | length + 1) // 2, [columns | length, 2] | min] | max }}
                then case
                    when
                        {% for column in columns -%}
                        {%- set own = [0] -%}
                        {%- for name in names[loop.index0] -%}
                            {%- set places.known = places.known + 1 -%}
                            {%- do own.append(places.known) -%}
                        {%- endfor -%}
                        {{ 'and ' if not loop.first }}{{ column }}_place in ({{ own | join(', ') }})
                        {% endfor -%}
                        then 'header_line'
                    else 'second_header'
                end
        end
    {%- endif -%}
{%- endmacro %}


{#- The names that a header can have for each declared column of a dataset, in order: its own first,
    then its aliases. A unit test has no graph, and so no names. -#}
{% macro names_in_headers(dataset) %}
    {%- set names = [] -%}
    {%- if execute and graph.sources -%}
        {%- for column in declared_table(dataset).columns.values() -%}
            {%- set meta = column.meta or (column.config or {}).get('meta') or {} -%}
            {%- do names.append([column.name] + (meta.get('aliases') or [])) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(names) }}
{% endmacro %}


{#- The key of a line that `lines_to_check` gave. -#}
{% macro line_key(relation='') -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    sha2(concat({{ prefix }}line_hash, '-', {{ prefix }}occurrence), 256)
{%- endmacro %}


{#- The texts of a line as they are in the file. -#}
{% macro raw_columns(columns, relation='') -%}
    {%- for column in columns -%}
        {{ relation ~ '.' if relation }}raw_{{ column }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- The whole of rejected_<dataset>: the rejected lines as they are in the file, with every reason. -#}
{% macro rejected_lines(dataset, key, columns) -%}
with checked_{{ dataset }} as (
    select * from {{ ref('checked_' ~ dataset) }}
),

final as (
    select
        -- ids
        {{ key }},

        -- checks
        reject_reasons,

        -- the file's text
        {{ raw_columns(columns) }},
        _corrupt_record,

        -- file
        _source_file,
        _source_modified_at,
        _batch_id
    from checked_{{ dataset }}
    where size(reject_reasons) > 0
)

select * from final
{%- endmacro %}
