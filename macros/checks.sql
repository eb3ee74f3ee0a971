{#- The text without white space around it (no-break space and byte order mark included);
    NULL when nothing is left, as blank is missing. -#}
{% macro trimmed(column) -%}
    nullif(btrim({{ column }}, ' \t\r\n\u00a0\ufeff'), '')
{%- endmacro %}


{#- The text as a date when it is a calendar date in ISO form, otherwise NULL. -#}
{% macro iso_date(column) -%}
    case
        when {{ column }} rlike '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then try_cast({{ column }} as date)
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
        ) then try_cast(
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


{#- True when a number is outside the range that the seed plausible_ranges gives its measure. A
    measure that is not listed, or whose limit is empty there, has no limit. -#}
{% macro outside_range(column, measure) -%}
    coalesce({{ column }} < (select lowest from plausible_ranges where measure = '{{ measure }}'), false)
    or coalesce({{ column }} > (select highest from plausible_ranges where measure = '{{ measure }}'), false)
{%- endmacro %}


{#- True when one of the raw values begins with the quote character and holds a line break: the
    file's quote was never closed, so the value has swallowed the lines after it. -#}
{% macro unclosed_quote(columns, quote='"') -%}
    {%- set quote = quote | replace("'", "\\'") -%}
    {%- for column in columns -%}
        {{ 'or ' if not loop.first -}}
        coalesce(raw_{{ column }} like '{{ quote }}%' and raw_{{ column }} rlike '[\r\n]', false)
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


{#- For `required` of reject_reasons: column -> its trimmed text, for all columns of a file that are
    not optional. -#}
{% macro required_texts(columns, optional=[]) %}
    {%- set texts = {} -%}
    {%- for column in columns if column not in optional -%}
        {%- do texts.update({column: column ~ '_text'}) -%}
    {%- endfor -%}
    {{ return(texts) }}
{% endmacro %}


{#- For `checks` of reject_reasons: invalid_<column> -> the condition that there is a text of which the
    typed column could not be read. -#}
{% macro unreadable_texts(columns) %}
    {%- set checks = {} -%}
    {%- for column in columns -%}
        {%- do checks.update({
            'invalid_' ~ column: column ~ '_text is not null and ' ~ column ~ ' is null'
        }) -%}
    {%- endfor -%}
    {{ return(checks) }}
{% endmacro %}


{#- The reasons why a row is rejected, an empty array when there are none.
    columns: those of the file, each raw_<column> in the row, for the rules that hold for any line.
    required: column -> the trimmed text that must not be NULL, each giving missing_<column>.
    checks: reason -> the condition, in SQL, under which it holds.
    quote: the quote character that the dataset declares. -#}
{% macro reject_reasons(columns, required, checks, quote='"') -%}
    array_compact(array(
    {%- for column, text in required.items() %}
        case when {{ text }} is null then 'missing_{{ column }}' end,
    {%- endfor %}
        case when _corrupt_record is not null then 'corrupt_line' end,
    {%- for reason, condition in checks.items() %}
        case when {{ condition }} then '{{ reason }}' end,
    {%- endfor %}
        case when {{ unclosed_quote(columns, quote) }} then 'unclosed_quote' end,
        case when {{ undeclared_escape(columns, quote) }} then 'undeclared_escape' end
    ))
{%- endmacro %}


{#- A hash of the given columns. NULL differs from an empty text, and no value can be taken for its
    neighbour's, as each is named in the hashed JSON. -#}
{% macro line_hash(columns) -%}
    sha2(to_json(struct({{ columns | join(', ') }})), 256)
{%- endmacro %}
