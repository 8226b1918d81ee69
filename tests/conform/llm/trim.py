#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Leaves of each generated schema what a question in words and its answer need.

  trim.py RAW-FOLDER TO-FOLDER

Types of tools, images, sound and the like go, and with them the members and
alternatives that need them: what passes passes the whole schema too, and more
is refused. So do descriptions: only the structure stays.
"""
import json
import pathlib
import sys

KEEP = {
    "OpenaiRequest": """ChatCompletionCreateParamsNonStreaming
        ChatCompletionMessageParam ChatCompletionSystemMessageParam
        ChatCompletionUserMessageParam ReasoningEffort""",
    "OpenaiReply": """ChatCompletion ChatCompletion.Choice
        ChatCompletionMessage CompletionUsage
        CompletionUsage.CompletionTokensDetails
        CompletionUsage.PromptTokensDetails""",
    "AnthropicRequest": """MessageCreateParamsNonStreaming MessageParam Model
        TextBlockParam OutputConfig ThinkingConfigAdaptive ThinkingConfigDisabled ThinkingConfigEnabled
        ThinkingConfigParam""",
    "AnthropicReply": """Message CacheCreation ContentBlock Model
        OutputTokensDetails RedactedThinkingBlock RefusalStopDetails
        StopReason TextBlock ThinkingBlock Usage""",
    "GeminiRequest": """Content GenerationConfig Part ThinkingConfig
        ThinkingLevel""",
    "GeminiReply": """BlockedReason Candidate Content FinishReason
        GenerateContentResponsePromptFeedback
        GenerateContentResponseUsageMetadata HarmCategory HarmProbability
        MediaModality ModalityTokenCount Part SafetyRating""",
}
# Members that are free of types, but no part of a plain question.
DROP = set("""functions function_call logit_bias metadata modalities prediction
    response_format stop stream_options tool_choice tools web_search_options
    responseJsonSchema responseFormat responseSchema speechConfig
    automaticFunctionCallingHistory inlineData logprobsResult""".split())
GONE = object()


def name_of(ref):
    return ref.rsplit("/", 1)[1].replace("%20", " ")


def trim_members(schema, keep):
    members = {}
    for name, value in schema["properties"].items():
        value = GONE if name in DROP else trim(value, keep)
        needed = name in schema.get("required", [])
        if value is GONE and needed:
            raise SystemExit(f"'{name}' is required, but not kept")
        if value is not GONE and (needed or value != {"type": "null"}):
            members[name] = value
    return members


def trim(schema, keep):
    """The schema without what is not kept; GONE: nothing of it is left."""
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema and name_of(schema["$ref"]) not in keep:
        return GONE
    out = {k: v for k, v in schema.items() if k not in
           ("description", "deprecated", "title", "default", "$comment")}
    if "properties" in out:
        out["properties"] = trim_members(out, keep)
    if "items" in out:
        out["items"] = trim(out["items"], keep)
        if out["items"] is GONE:
            return GONE
    if "anyOf" in out:
        left = [t for t in (trim(s, keep) for s in out["anyOf"])
                if t is not GONE]
        if not left:
            return GONE
        if len(left) == 1:
            return left[0]
        out["anyOf"] = left
    return out


def used(schema, found, definitions):
    """Names of the definitions that a schema comes to."""
    if isinstance(schema, dict):
        ref = schema.get("$ref")
        if ref and name_of(ref) not in found:
            found.add(name_of(ref))
            used(definitions[name_of(ref)], found, definitions)
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            used(part, found, definitions)
    return found


def main(raw, to):
    for name, words in KEEP.items():
        whole = json.loads(pathlib.Path(raw, name + ".json").read_text())
        keep = set(words.split()) | {name}
        absent = keep - set(whole["definitions"])
        if absent:
            raise SystemExit(f"{name} has no {sorted(absent)}")
        kept = {n: trim(whole["definitions"][n], keep) for n in keep}
        root = {"$ref": "#/definitions/" + name}
        kept = {n: kept[n] for n in used(root, set(), kept)}
        schema = {"$schema": whole["$schema"], **root, "definitions": kept}
        text = json.dumps(schema, indent=1, sort_keys=True) + "\n"
        pathlib.Path(to, name + ".json").write_text(text)


main(*sys.argv[1:])
