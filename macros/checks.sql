{#- The text without white space and invisible characters around it, and without those within that
    no script needs; full-width letters and digits become the ordinary ones. NULL when nothing is
    left, as blank is missing. Only a text that is not plain ASCII is translated. -#}
{% macro trimmed(column) -%}
    {%- set blanks = ' \\t\\r\\n\\u000b\\u000c\\u0085\\u00a0\\u1680\\u2000\\u2001\\u2002\\u2003\\u2004\\u2005\\u2006'
        ~ '\\u2007\\u2008\\u2009\\u200a\\u2028\\u2029\\u202f\\u205f\\u2800\\u3000' -%}
    {#- Joiners belong to words of some scripts, so they are taken away at the edges alone. -#}
    {%- set joiners = '\\u180e\\u200c\\u200d' -%}
    {%- set invisible = '\\u00ad\\u061c\\u200b\\u200e\\u200f\\u202a\\u202b\\u202c\\u202d\\u202e\\u2060\\u2061\\u2062\\u2063'
        ~ '\\u2064\\u2066\\u2067\\u2068\\u2069\\ufeff' -%}
    {%- set wide, narrow = [], [] -%}
    {%- for code in range(33, 127) -%}
        {%- do wide.append('\\u%04x' % (code + 65248)) -%}
        {%- do narrow.append('\\u%04x' % code) -%}
    {%- endfor -%}
    case
        when length({{ column }}) = octet_length({{ column }})
            then nullif(btrim({{ column }}, ' \t\r\n\u000b\u000c'), '')
        else nullif(btrim(
            translate({{ column }}, '{{ wide | join }}{{ invisible }}', '{{ narrow | join }}'),
            '{{ blanks }}{{ joiners }}'
        ), '')
    end
{%- endmacro %}


{#- The text as a date when it is a calendar date in ISO form, otherwise NULL.
    There is no year 0. -#}
{% macro iso_date(column) -%}
    case
        when {{ column }} rlike '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' and not startswith({{ column }}, '0000')
            then try_cast({{ column }} as date)
    end
{%- endmacro %}


{#- The text as a timestamp when it is a calendar date and a time of day in ISO form, with a blank or
    a T between them, to the minute at least, otherwise NULL. Seconds that are left out are written
    before the cast, as engines differ there. Without an offset or Z it is in the session's time
    zone. -#}
{% macro iso_timestamp(column) -%}
    case
        when {{ column }} rlike concat(
            '^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?',
            '(Z|[+-][0-9]{2}:[0-9]{2})?$'
        ) and not startswith({{ column }}, '0000') then try_cast(
            regexp_replace({{ column }}, '([ T][0-9]{2}:[0-9]{2})(Z|[+-]|$)', '$1:00$2') as timestamp
        )
    end
{%- endmacro %}


{#- The text as a whole number when it is written in digits alone, with a minus sign before them where
    `signed` allows it, otherwise NULL. -#}
{% macro whole_number(column, data_type, signed=false) -%}
    case
        when {{ column }} rlike '^{{ '-?' if signed }}[0-9]+$' then try_cast({{ column }} as {{ data_type }})
    end
{%- endmacro %}


{#- The text as a decimal when it is written in digits with a point, likewise; NULL also when the type
    has fewer digits behind the point than the text, as the cast would round. -#}
{% macro decimal_number(column, data_type, signed=false) -%}
    {%- set scale = data_type.split(',')[1] | replace(')', '') | trim -%}
    case
        when {{ column }} rlike '^{{ '-?' if signed }}[0-9]+([.][0-9]{1,{{ scale }}}0*)?$'
            then try_cast({{ column }} as {{ data_type }})
    end
{%- endmacro %}


{#- True when a value is outside the range of its column, which `lines_to_check` gives each line.
    kind: number, date or timestamp. -#}
{% macro outside_range(column, kind='number') -%}
    {%- set value = 'cast(' ~ column ~ ' as double)' if kind == 'number' else column -%}
    coalesce({{ value }} < {{ column }}__lowest, false) or coalesce({{ value }} > {{ column }}__highest, false)
{%- endmacro %}


{#- One row: <column>__lowest and <column>__highest, as the seed plausible_ranges gives them to a column; where
    it has no limit, those of all columns of its kind. NULL is no limit.
    ranges: the kind of each column by name: number, date or timestamp. -#}
{% macro limits_of(ranges) -%}
    select
        {%- for column, kind in ranges.items() -%}
            {%- set last = loop.last -%}
            {%- for side in ['lowest', 'highest'] %}
        cast(coalesce(
            max(case when measure = '{{ column }}' then {{ side }} end),
            max(case when measure = '{{ kind }}' then {{ side }} end)
        ) as {{ 'double' if kind == 'number' else kind }}) as {{ column }}__{{ side }}{{ ',' if not (last and loop.last) }}
            {%- endfor -%}
        {%- endfor %}
    from {{ ref('plausible_ranges') }}
{%- endmacro %}


{#- True when the text of an id does not have the form that the seed id_forms gives its column, or,
    where it has none, the form of any id: a number that a spreadsheet has rounded, a sum's title. -#}
{% macro damaged_id(text, column) -%}
    coalesce(not {{ text }} rlike (
        select
            coalesce(
                max(case when column_name = '{{ column }}' then form end),
                max(case when column_name = 'id' then form end)
            )
        from {{ ref('id_forms') }}
    ), false)
{%- endmacro %}


{#- One row: the seed missing_markers in upper case, as one text for find_in_set. The marker NULL is no
    text there, as dbt reads it so. -#}
{% macro listed_markers() -%}
    select concat_ws(',', collect_set(upper(coalesce(marker, 'NULL')))) as markers
    from {{ ref('missing_markers') }}
{%- endmacro %}


{#- The text, or NULL when it is one of the `listed_markers`, in any case. -#}
{% macro unless_marker(text, markers) -%}
    case when find_in_set(upper({{ text }}), {{ markers }}) = 0 then {{ text }} end
{%- endmacro %}


{#- True when one of the raw values has swallowed the lines behind it, as its quote was never closed
    or met another's: it holds a line break, and begins with the quote character, or holds one that
    stands before a delimiter or a line break and as many delimiters as a line has. -#}
{% macro unclosed_quote(columns, quote='"') -%}
    {%- set quote = quote | replace("'", "\\'") -%}
    {%- for column in columns -%}
        {{ 'or ' if not loop.first -}}
        coalesce(raw_{{ column }} rlike '[\r\n]' and (
            raw_{{ column }} like '{{ quote }}%'
            or raw_{{ column }} rlike '{{ quote }}[,;|\t\r\n]'
            and length(regexp_replace(raw_{{ column }}, '[^,;|\t]', '')) >= {{ [columns | length - 1, 1] | max }}
        ), false)
        {{- '\n' if not loop.last -}}
    {%- endfor -%}
{%- endmacro %}


{#- True when one of the raw values begins with the quote character and holds a quote behind a
    backslash: the file escapes quotes in a way that was neither declared nor seen at its beginning,
    so the value was not unquoted. -#}
{% macro undeclared_escape(columns, quote='"') -%}
    {%- set quote = quote | replace("'", "\\'") -%}
    {%- for column in columns -%}
        {{ 'or ' if not loop.first -}}
        coalesce(
            raw_{{ column }} like '{{ quote }}%' and contains(raw_{{ column }}, '\\{{ quote }}'), false
        )
        {{- '\n' if not loop.last -}}
    {%- endfor -%}
{%- endmacro %}


{#- True when one of the values is in quotes that the reader left, as a blank or a byte order mark
    stands before them. -#}
{% macro kept_quotes(columns, quote='"') -%}
    {%- set quote = quote | replace("'", "\\'") -%}
    {%- for column in columns -%}
        {{ 'or ' if not loop.first -}}
        coalesce(
            not raw_{{ column }} like '{{ quote }}%' and {{ column }}_text like '{{ quote }}%{{ quote }}', false
        )
        {{- '\n' if not loop.last -}}
    {%- endfor -%}
{%- endmacro %}


{#- True when one of the values holds a control character, which no program writes on purpose. -#}
{% macro control_character(columns) -%}
    coalesce(concat_ws('', {% for column in columns %}{{ column }}_text{{ ', ' if not loop.last }}{% endfor %})
        rlike '[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x9f]', false)
{%- endmacro %}


{#- True when one of the raw values holds a quote, or anything but printable ASCII. Most lines hold
    neither, and so need not be asked for what else a quote or a control character can do. -#}
{% macro odd_text(columns, quote='"') -%}
    coalesce(concat_ws('', {% for column in columns %}raw_{{ column }}{{ ', ' if not loop.last }}{% endfor %})
        rlike '[^ -~]|{{ quote | replace("'", "\\'") }}', false)
{%- endmacro %}


{#- For `required` of reject_reasons: column -> its trimmed text, for all columns of a file that are
    not optional. -#}
{% macro required_texts(columns, optional=[]) %}
    {%- set texts = {} -%}
    {%- for column in columns if column not in optional -%}
        {%- do texts.update({column: column ~ '_text'}) -%}
    {%- endfor -%}
    {{ return(texts) }}
{% endmacro %}


{#- For `checks` of reject_reasons, for each typed column: invalid_<column> -> the condition that there
    is a text of which it could not be read; implausible_<column> -> that it is outside its range.
    ranges: the typed columns and their kinds, as `lines_to_check` gets them. -#}
{% macro typed_values(ranges) %}
    {%- set checks = {} -%}
    {%- for column, kind in ranges.items() -%}
        {%- do checks.update({
            'invalid_' ~ column: column ~ '_text is not null and ' ~ column ~ ' is null',
            'implausible_' ~ column: outside_range(column, kind)
        }) -%}
    {%- endfor -%}
    {{ return(checks) }}
{% endmacro %}


{#- The reasons why a row is rejected, an empty array when there are none.
    columns: those of the file, each raw_<column> and <column>_text in the row, for the rules that hold
    for any line, with what `lines_to_check` says of headers.
    required: column -> the trimmed text that must not be NULL, each giving missing_<column>.
    checks: reason -> the condition, in SQL, under which it holds.
    ids: the columns that are ids.
    quote: the quote character that the dataset declares. -#}
{% macro reject_reasons(columns, required, checks, ids=[], quote='"') -%}
    case when found_header = 'header_line' then array('header_line') else array_compact(concat(array(
    {%- for column, text in required.items() %}
        case when {{ text }} is null then 'missing_{{ column }}' end,
    {%- endfor %}
        case when _corrupt_record is not null then 'corrupt_line' end,
    {%- for reason, condition in checks.items() %}
        case when {{ condition }} then '{{ reason }}' end,
    {%- endfor %}
    {%- if ids %}
        case
            when {% for id in ids %}{{ damaged_id(id ~ '_text', id) }}{{ ' or ' if not loop.last }}{% endfor %}
                then 'damaged_id'
        end,
    {%- endif %}
        case when found_header = 'second_header' then 'second_header' end
    ), case when {{ odd_text(columns, quote) }} then array(
        case when {{ unclosed_quote(columns, quote) }} then 'unclosed_quote' end,
        case when {{ undeclared_escape(columns, quote) }} then 'undeclared_escape' end,
        case when {{ kept_quotes(columns, quote) }} then 'kept_quotes' end,
        case when {{ control_character(columns) }} then 'control_character' end
    ) else array(cast(null as string)) end)) end
{%- endmacro %}


{#- A hash of the given columns. NULL differs from an empty text, and no value can be taken for its
    neighbour's, as each is named in the hashed JSON. -#}
{% macro line_hash(columns) -%}
    sha2(to_json(struct({{ columns | join(', ') }})), 256)
{%- endmacro %}
