// SPDX-License-Identifier: Apache-2.0
// The vendors' own types of what is asked and answered, under names of ours.
import type * as OpenAI from 'openai/resources/chat/completions';
import type * as Anthropic from '@anthropic-ai/sdk/resources/messages';
import type * as Gemini from '@google/genai';

export type OpenaiRequest = OpenAI.ChatCompletionCreateParamsNonStreaming;
export type OpenaiReply = OpenAI.ChatCompletion;
export type AnthropicRequest = Anthropic.MessageCreateParamsNonStreaming;
export type AnthropicReply = Anthropic.Message;

// The SDK has one object for a call, which it takes apart: sdk.json shows what
// it sends. Its parts have types.
export interface GeminiRequest {
	contents: Gemini.Content[];
	systemInstruction?: Gemini.Content;
	generationConfig?: Gemini.GenerationConfig;
}
// Without the methods of the class.
export type GeminiReply = Pick<Gemini.GenerateContentResponse,
	'candidates' | 'createTime' | 'modelStatus' | 'modelVersion' |
	'promptFeedback' | 'responseId' | 'usageMetadata'>;
