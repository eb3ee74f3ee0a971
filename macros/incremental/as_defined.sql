{#- What is in the warehouse as this project defines it is left as it is: no statement for a view or a
    seed that nobody changed, and none for a table that is incremental when nothing is pending.
    definition_log has the definition by which each was made; a run reads it once, and adds to it at
    its end. What is not there, or is fully refreshed, is made anew, whatever the log says. -#}


{% materialization view, adapter='databricks' %}
    {%- if is_as_defined('view') -%}
        {{ return(leave_as_it_is('as it is')) }}
    {%- endif -%}
    {{ return(dbt.materialization_view_databricks()) }}
{% endmaterialization %}


{% materialization seed, adapter='databricks' %}
    {%- if is_as_defined('table') -%}
        {%- do store_result('agate_table', response='OK', agate_table=load_agate_table()) -%}
        {{ return(leave_as_it_is('as it is')) }}
    {%- endif -%}
    {%- do memory_of(model.unique_id).update({'has_logged': true}) -%}
    {{ return(dbt.materialization_seed_databricks()) }}
{% endmaterialization %}


{#- dbt's own, for this project's strategies, but for what it does on each run: here configuration,
    columns and comments are compared with the table's when the definition is another one. -#}
{% materialization incremental, adapter='databricks', supported_languages=['sql'] %}
    {%- set is_new = not is_as_defined('table') -%}
    {%- if not is_incremental() -%}
        {{ return(dbt.materialization_incremental_databricks()) }}
    {%- endif -%}
    {%- if not is_new and nothing_is_pending() -%}
        {{ return(leave_as_it_is('nothing has changed')) }}
    {%- endif -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set temp = make_temp_relation(target) -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement('create_temp_relation') -%}
        {{ create_table_as(true, temp, model.compiled_code) }}
    {%- endcall -%}
    {%- if is_new -%}
        {%- do process_schema_changes(config.get('on_schema_change'), temp, target) -%}
        {%- set defined = adapter.get_config_from_model(config.model) -%}
        {%- set existing = load_relation_with_metadata(this) -%}
        {%- set changes = defined.get_changeset(adapter.get_relation_config(existing, defined)) -%}
        {%- do apply_config_changeset(target, model, changes, existing) -%}
        {%- do persist_docs(target, model, for_relation=true) -%}
    {%- endif -%}
    {%- set strategy = adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy')) -%}
    {%- for step in strategy({
        'target_relation': target, 'temp_relation': temp, 'unique_key': config.get('unique_key'),
    }) -%}
        {%- call statement('main') -%}{{ step }}{%- endcall -%}
    {%- endfor -%}
    {%- do optimize(target) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{% macro leave_as_it_is(reason) %}
    {%- do no_change(reason) -%}
    {{ return({'relations': [this]}) }}
{% endmacro %}


{% macro nothing_is_pending() %}
    {%- set strategy = config.get('incremental_strategy') -%}
    {%- if strategy == 'replace_days' -%}
        {{ return(days_to_count() == []) }}
    {%- elif strategy == 'match_customers' -%}
        {{ return(not files_to_take_over('sales') and not files_to_take_over('customers')) }}
    {%- elif strategy in ('replace_files', 'merge_touched') -%}
        {{ return(not files_to_take_over(dataset_of_model())) }}
    {%- endif -%}
    {{ return(strategy == 'append_only') }}
{% endmacro %}


{#- True when the current node is in the warehouse, as a table or view, by its present definition. -#}
{% macro is_as_defined(type) %}
    {%- set own = remembered(model.unique_id, 'definition', definition) -%}
    {%- if should_full_refresh() or load_cached_relation(this).type != type -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(remembered('all', 'definitions', logged_definitions).get(model.unique_id) == own) }}
{% endmacro %}


{#- A hash of all that decides how the current node is made: its properties, its SQL or rows, what
    it is made from, and dbt. -#}
{% macro definition() %}
    {%- set node = graph.nodes[model.unique_id] -%}
    {%- set parts = [dbt_version, tojson(node.config), tojson(node.columns), node.description] -%}
    {%- if node.config.materialized != 'incremental' -%}
        {%- do parts.append(model.compiled_code or '') -%}
    {%- endif -%}
    {%- set ids = [model.unique_id] -%}
    {%- for id in ids if id in graph.nodes -%}
        {%- do parts.append(graph.nodes[id].checksum.checksum) -%}
        {%- do parts.append(rules_of(id)) -%}
        {%- for parent in graph.nodes[id].depends_on.nodes if parent not in ids -%}
            {%- do ids.append(parent) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(local_md5(parts | join('\n'))) }}
{% endmacro %}


{#- The newest logged definition of each node, by its id. -#}
{% macro logged_definitions() %}
    {%- set log = graph.nodes['model.' ~ project_name ~ '.definition_log'] -%}
    {%- if not adapter.get_relation(log.database, log.schema, log.alias) -%}
        {{ return({}) }}
    {%- endif -%}
    {%- set rows = run_query(
        'select node_id, max_by(definition, logged_at) from ' ~ log.relation_name ~ ' group by node_id'
    ) -%}
    {%- set definitions = {} -%}
    {%- for row in rows -%}
        {%- do definitions.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {{ return(definitions) }}
{% endmacro %}


{#- Runs at the end of each run: what was made by another definition than the logged one. -#}
{% macro log_definitions(results) %}
    {%- if not execute -%}{%- set seen_by_dbt = ref('definition_log') -%}{%- endif -%}
    {%- set made = [] -%}
    {%- for result in results if execute and result.status == 'success' -%}
        {%- set own = memory_of(result.node.unique_id).get('definition') -%}
        {%- if own and own != remembered('all', 'definitions', logged_definitions).get(result.node.unique_id) -%}
            {%- do made.append([result.node.unique_id, own]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if made and load_relation(ref('definition_log')) -%}
        insert into {{ ref('definition_log') }}
        values
        {%- for pair in made %}
        ({{ string_literals(pair) }}, current_timestamp()){{ ',' if not loop.last }}
        {%- endfor %}
    {%- endif -%}
{% endmacro %}


{#- What a macro without arguments gives, asked once in a run about one subject, such as a node. -#}
{% macro remembered(subject, name, ask) %}
    {%- set memory = memory_of(subject) -%}
    {%- if name not in memory -%}
        {%- do memory.update({name: ask()}) -%}
    {%- endif -%}
    {{ return(memory[name]) }}
{% endmacro %}


{#- What this run remembers of a subject: dbt renders a node in several contexts, and the graph is
    what they share. -#}
{% macro memory_of(subject) %}
    {{ return(graph.setdefault('memory', {}).setdefault(subject, {})) }}
{% endmacro %}
