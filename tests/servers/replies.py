# SPDX-License-Identifier: Apache-2.0
"""Replies of model servers, whole in the form of each vendor."""


def _openai(text, kind, model):
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000,
        "model": model, "service_tier": "default",
        "choices": [{
            "index": 0, "logprobs": None,
            "finish_reason": {"whole": "stop", "cut": "length",
                              "refused": "content_filter"}[kind],
            "message": {"role": "assistant", "content": text,
                        "refusal": "I will not." if kind == "refused"
                        else None}}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 22,
                  "total_tokens": 33,
                  "completion_tokens_details": {"reasoning_tokens": 5},
                  "prompt_tokens_details": {"cached_tokens": 3}},
    }


def _anthropic(text, kind, model):
    refusal = {"type": "refusal", "category": None, "explanation": None}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": model,
        "container": None, "diagnostics": None, "stop_sequence": None,
        "content": [{"type": "thinking", "thinking": "Hm.", "signature": "s"},
                    {"type": "text", "text": text, "citations": None}],
        "stop_reason": {"whole": "end_turn", "cut": "max_tokens",
                        "refused": "refusal"}[kind],
        "stop_details": refusal if kind == "refused" else None,
        "usage": {"input_tokens": 8, "cache_read_input_tokens": 2,
                  "cache_creation_input_tokens": 1, "output_tokens": 22,
                  "cache_creation": None, "inference_geo": None,
                  "output_tokens_details": {"thinking_tokens": 5},
                  "server_tool_use": None, "service_tier": "standard",
                  "speed": None},
    }


def _gemini(text, kind, model):
    return {
        "responseId": "r-1", "modelVersion": model,
        "candidates": [{
            "index": 0,
            "finishReason": {"whole": "STOP", "cut": "MAX_TOKENS",
                             "refused": "SAFETY"}[kind],
            "content": {"role": "model", "parts": [
                {"text": "Hm.", "thought": True}, {"text": text}]}}],
        "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 17,
                          "thoughtsTokenCount": 5, "totalTokenCount": 33},
    }


_MAKE = {"openai": _openai, "anthropic": _anthropic, "gemini": _gemini}


def make(provider, text, kind="whole", model="m-1"):
    """`kind`: whole, cut (at the limit of tokens) or refused. 11 tokens in and
    22 out, whatever the text."""
    return _MAKE[provider](text, kind, model)


def error(provider, status, text):
    """The body of a refusal."""
    return {"openai": {"error": {"message": text, "type": "server_error",
                                 "param": None, "code": None}},
            "anthropic": {"type": "error", "request_id": "req_1",
                          "error": {"type": "api_error", "message": text}},
            "gemini": {"error": {"code": status, "message": text,
                                 "status": "UNAVAILABLE"}}}[provider]
