"""Records what transformers makes of conversations with tools, of messages that go on, and of what templates of reasoning models do with text.

usage: chat-templates-tools.py > test/oracles/data/tokenizers/chat-templates-tools.json
"""
import json

from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

TEMPLATES = {
    "headers": "{% for m in messages %}{% set text = '<head>' + m['role'] + '</head>\n\n' + m['content'] | trim + '<end>' %}{% if loop.first %}{% set text = bos_token + text %}{% endif %}{{ text }}{% endfor %}{% if add_generation_prompt %}{{ '<head>assistant</head>\n\n' }}{% endif %}",
    "tags": "{% for m in messages %}\n{% if m.role == 'user' %}\n{{ '<user>\n' + m.content + eos_token }}\n{% elif m.role == 'assistant' %}\n{{ '<answer>\n' + m.content + eos_token }}\n{% endif %}\n{% if loop.last and add_generation_prompt %}\n{{ '<answer>' }}\n{% endif %}\n{% endfor %}",
    "tools as JSON": """{%- if tools %}
    {{- '<system>' }}
    {%- for tool in tools %}
        {{- '\\n' ~ tool | tojson }}
    {%- endfor %}
    {{- '</system>' }}
{%- endif %}
{%- for m in messages %}
    {%- if m.role == 'assistant' and m.tool_calls %}
        {{- '<call>' }}
        {%- for call in m.tool_calls %}
            {%- set call = call.function if call.function is defined else call %}
            {{- '{"name": "' ~ call.name ~ '", "arguments": ' ~ call.arguments | tojson ~ '}' }}
            {%- for name, value in call.arguments | items if name != 'none' %}{{- ' ' ~ name ~ (',' if not loop.last) }}{%- endfor %}
        {%- endfor %}
        {{- '</call>' }}
    {%- elif m.role == 'tool' %}
        {%- if messages[loop.index0 - 1].role != 'tool' %}{{- '<results>' }}{%- endif %}
        {{- m.content | tojson }}
        {%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{- '</results>' }}{%- endif %}
    {%- else %}
        {{- '<' ~ m.role ~ '>' ~ m.content }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<assistant>' }}{%- endif %}""",
    "tools as a program": """{%- macro kind(spec) %}
{%- set names = { "string": "str", "number": "float", "integer": "int" } %}
{%- if names[spec.type] is defined %}
    {{- names[spec.type] }}
{%- elif spec.type == "array" %}
    {{- "list[" + kind(spec["items"]) + "]" }}
{%- else %}
    {{- "Any" }}
{%- endif %}
{%- endmacro %}
{%- for tool in tools or [] %}
  {%- set f = tool.function %}
  {{- 'def ' + f.name + '(' }}
  {%- for name, spec in f.parameters.properties | items %}
    {%- if loop.index0 != 0 %}{{- ', ' }}{%- endif %}
    {{- name + ': ' + kind(spec) }}
    {%- if name not in f.parameters.required %}{{- ' = None' }}{%- endif %}
  {%- endfor %}
  {{- '):\\n    \"\"\"' + f.description + '\"\"\"\\n' }}
{%- endfor %}
{%- for m in messages %}
  {%- if m.tool_calls %}
    {{- [m.tool_calls[0].function, 1] | tojson(indent=4) | indent(4, first=true) }}
  {%- else %}
    {{- m.content.strip() + '\\n' }}
  {%- endif %}
{%- endfor %}""",
    "reasoning": r"""{%- set ns = namespace(last=messages | length - 1, open=true) %}
{%- for m in messages[::-1] %}
  {%- if ns.open and m.role == 'user' %}{%- set ns.open = false %}{%- set ns.last = messages | length - 1 - loop.index0 %}{%- endif %}
{%- endfor %}
{%- for m in messages %}
  {%- set text = m.content if m.content is string else '' %}
  {%- set thought = '' %}
  {%- if '</think>' in text %}
    {%- set thought = text.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
    {%- set text = text.split('</think>')[-1].lstrip('\n') %}
  {%- endif %}
  {%- if loop.index0 > ns.last %}{{- '<think>\n' + thought.strip('\n') + '\n</think>\n\n' + text.lstrip('\n') }}{%- else %}{{- text }}{%- endif %}
  {{- '<end>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<assistant>' + ('<think>\n\n</think>' if enable_thinking is defined and enable_thinking is false else '') }}{%- endif %}""",
    "characters at the ends": "{% for m in messages %}{% if m.content is string %}[{{ m.content.strip(' !') }}|{{ m.content.lstrip('\n H') }}|{{ m.content.rstrip('🙂 ?') }}|{{ m.content.strip('') }}|{{ m.content.strip() }}]{% endif %}{% endfor %}",
    "JSON": "{{ tools | tojson }}|{{ tools | tojson(indent=2) }}|{{ tools | tojson(separators=(',', ':')) }}|{{ tools | tojson(sort_keys=true) }} {{ 1.5 | tojson }} {{ 'é\u2028</a>\t\x7f\"' | tojson }} {{ 'é🙂' | tojson(ensure_ascii=true) }}",
    "the time": "{{ strftime_now('%Y') | length }}{{ 'y' if strftime_now('%B %d, %Y')[-4:] | int > 2000 }}{{ 'x' if strftime_now('%-d') | int > 0 }}",
}

CALL = {"name": "weather", "arguments": {"city": "Köln <b>", "days": 2, "list": [1, 2.5, None, True], "none": {}}}
CONVERSATIONS = {
    "turns": [
        {"role": "user", "content": " Hello there! "},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nHello, 你好 🙂"},
        {"role": "user", "content": "  How are you?\n\n"},
    ],
    "an answer": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": " I am "}],
    "calls": [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "abcdefgh1", "type": "function", "function": CALL}]},
        {"role": "tool", "name": "weather", "content": "12°"},
        {"role": "tool", "name": "weather", "content": "rain"},
        {"role": "assistant", "content": "It is 12°."},
        {"role": "user", "content": "Thanks"},
    ],
}
PARAMETERS = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Where"},
        "days": {"type": "integer"},
        "list": {"type": "array", "items": {"type": "number"}, "description": "Größen"},
    },
    "required": ["city"],
}
TOOLS = [{"type": "function", "function": {"name": "weather", "description": 'The weather of a "place".', "parameters": PARAMETERS}}]

tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=Tokenizer(models.WordLevel({"<s>": 0, "</s>": 1}, unk_token="<s>")), bos_token="<s>", eos_token="</s>"
)
results = []
for name, template in TEMPLATES.items():
    for conversation, messages in CONVERSATIONS.items():
        for tools in [None, TOOLS]:
            for mode in ["prompt", "plain", "continue"]:
                if mode == "continue" and (conversation != "an answer" or name in ["JSON", "the time", "characters at the ends"]):
                    continue
                try:
                    text = tokenizer.apply_chat_template(
                        messages,
                        tools=tools,
                        chat_template=template,
                        tokenize=False,
                        add_generation_prompt=mode == "prompt",
                        continue_final_message=mode == "continue",
                    )
                except Exception as error:
                    text = None
                results.append([name, conversation, tools is not None, mode, text])
sample = {"templates": TEMPLATES, "conversations": CONVERSATIONS, "tools": TOOLS, "results": results}
print(json.dumps(sample, ensure_ascii=False, indent=None, separators=(",", ":")))
