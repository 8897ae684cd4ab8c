"""Records what transformers makes of conversations with chat templates: every feature that published templates use, in templates of our own.

usage: chat-templates.py > test/oracles/data/tokenizers/chat-templates.json
"""
import json

from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

TEMPLATES = {
    "turns, trimmed blocks": "{% for message in messages %}\n    <|{{ message['role'] }}|>\n{{ message.content }}{{ eos_token }}\n    {% endfor %}\n{% if add_generation_prompt %}\n<|assistant|>\n{% endif %}\n",
    "white space taken away": "  {%- for message in messages -%}\n  {{- bos_token + message['content'] | trim -}}  \n {%- endfor %}\n  end  {# a remark #}\n  {#- another -#}  x\n",
    "system text in the first question": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'].strip() %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "roles must alternate": "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}{{ '<start>' + role + '\\n' + message['content'] | trim + '<end>\\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start>model\\n'}}{% endif %}",
    "no system role": "{% if messages[0].role == 'system' %}{{ raise_exception(\"System role not supported: \" ~ messages[0].content) }}{% endif %}{{ messages | length }}",
    "loop variables": "{% for message in messages %}{{ loop.index }}/{{ loop.length }} {{ loop.revindex }} {{ loop.revindex0 }}{% if loop.first %} first{% endif %}{% if loop.last %} last{% endif %}{% if loop.previtem is defined %} after {{ loop.previtem.role }}{% endif %}{% if loop.nextitem is defined %} before {{ loop.nextitem.role }}{% endif %};{% else %}nobody{% endfor %}",
    "tools that are not there": "{% if tools is not none and tools %}{{ tools | tojson }}{% elif tools is none %}no tools{% else %}undefined{% endif %}{% if documents %}documents{% endif %} {{ 'defined' if tools is defined }} {{ 'defined' if xml_tools is defined }}",
    "tokens without a text": "[{{ bos_token }}][{{ pad_token }}][{{ unk_token }}] {{ 'defined' if cls_token is defined }} {{ 'defined' if bos_token is defined }} {{ 'sep' if sep_token else 'none' }}",
    "a namespace and a macro": "{% macro turn(role, text='nothing') %}<{{ role }}>{{ text }}</{{ role }}>{% endmacro %}{% set ns = namespace(system='', count=0) %}{% for message in messages %}{% if message.role == 'system' %}{% set ns.system = message.content %}{% else %}{% set ns.count = ns.count + 1 %}{{ turn(message.role, message.content) }}{% endif %}{% endfor %}{{ ns.system }} {{ ns.count }}{{ turn('end') }}",
    "text in parts": "{% for message in messages %}{{ message.role }}: {% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}{% if part.type == 'text' %}{{ part.text }}{% elif part['type'] == 'image' %}<image>{% endif %}{% endfor %}{% endif %}\n{% endfor %}",
    "filters": "{{ messages[0].content | upper }} {{ messages | map(attribute='role') | join(', ') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ 'a,b' .split(',') | last }} {{ {'b': 1, 'a': [true, none, 1.5, 'ü\"']} | tojson }} {{ [3, 1, 2] | sort | join }} {{ '  x ' | trim }}{{ x | default('d') }} {{ 'abc'[::-1] }} {{ messages[-1]['content'][:3] }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 3 }} {% if 'b' in 'abc' and not (not true or false) and 'Mia'.startswith('M') %}yes{% endif %} {{ 'x' ~ 1 }} {{ messages[0] | length }}",
    "JSON, indented": "{{ [{'a': 1, 'b': []}, 'é'] | tojson(indent=2) }}\n{{ {'k': 'v<>&'} | tojson }}",
    "the date": "{% if strftime_now is defined %}{% set date = strftime_now('%d %b %Y') %}{{ date | length }} {{ 'recent' if strftime_now('%Y') | int > 2000 }}{% else %}no date{% endif %}",
    "continued loops": "{% for message in messages %}{% if message.role == 'system' %}{% continue %}{% endif %}{% if loop.index > 3 %}{% break %}{% endif %}{{ message.content }}|{% endfor %}{% for i in range(3) %}{{ i }}{% endfor %}{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }} {% endfor %}",
    "marked generation": "{% for message in messages %}{% if message.role == 'assistant' %}{% generation %}{{ message.content }}{{ eos_token }}{% endgeneration %}{% else %}{{ message.content }}\n{% endif %}{% endfor %}",
    "further fields": "{% for message in messages %}{% if message.tool_calls is defined and message.tool_calls %}{% for call in message.tool_calls %}{{ call.function.name }}({{ call.function.arguments | tojson }}){% endfor %}{% else %}{{ message.get('name', 'nobody') }}: {{ message.content }}{% endif %}\n{% endfor %}",
    "variables": "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>{% endif %}{{ messages | length }}",
    "a broken one": "{% for message in messages %}{{ message.content }}",
    "sums of what is undefined": "{{ nothing + 'x' }}",
}

CONVERSATIONS = {
    "one question": [{"role": "user", "content": " Hello there! "}],
    "system and turns": [
        {"role": "system", "content": "Be kind.\n"},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello, 你好 🙂"},
        {"role": "user", "content": "  How are you?\n\n"},
    ],
    "turns": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ],
    "the assistant first": [{"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}],
    "parts": [
        {"role": "user", "content": [{"type": "text", "text": "What is "}, {"type": "image"}, {"type": "text", "text": "?"}]},
        {"role": "assistant", "content": "A cat."},
    ],
    "calls": [
        {"role": "user", "name": "Mia", "content": "Weather?"},
        {"role": "assistant", "content": None, "tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": {"city": "Köln", "days": 2}}}]},
        {"role": "tool", "name": "weather", "content": "12°"},
    ],
    "none": [],
}

# What the JavaScript implementation prints otherwise, and no published template prints, is left out: lists and booleans as Python spells
# them, what stands in a round of a loop before its `break` or `continue`, and elements of empty lists.
ALONE = {"text in parts": ["parts", "turns"], "further fields": ["calls", "turns"]}
FOR_NONE = ["turns, trimmed blocks", "loop variables", "JSON, indented", "variables", "a broken one"]


def suits(template, conversation):
    if template in ALONE or conversation in ["parts", "calls"]:
        return conversation in ALONE.get(template, [])
    return conversation != "none" or template in FOR_NONE


tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=Tokenizer(models.WordLevel({"<s>": 0, "</s>": 1, "<pad>": 2}, unk_token="<s>")),
    bos_token="<s>",
    eos_token="</s>",
    pad_token="<pad>",
)

results = []
for name, template in TEMPLATES.items():
    for conversation, messages in CONVERSATIONS.items():
        if not suits(name, conversation):
            continue
        for prompt in [True, False]:
            variables = {"enable_thinking": prompt} if name == "variables" else {}
            try:
                # The function for one conversation takes an empty list for several.
                text = tokenizer.apply_chat_template(
                    [messages], chat_template=template, add_generation_prompt=prompt, tokenize=False, **variables
                )[0]
            except Exception as error:
                text = None
            results.append([name, conversation, prompt, text])
sample = {"templates": TEMPLATES, "conversations": CONVERSATIONS, "results": results}
print(json.dumps(sample, ensure_ascii=False, indent=None, separators=(",", ":")))
