// SPDX-License-Identifier: Apache-2.0
// What each SDK itself sends for one plain question, as JSON on stdout.
import http from 'node:http';
import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';

const wanted = ['content-type', 'authorization', 'x-api-key',
	'x-goog-api-key', 'anthropic-version'];
const seen = [];
const server = http.createServer((request, reply) => {
	let body = '';
	request.on('data', (part) => { body += part; });
	request.on('end', () => {
		seen.push({
			method: request.method,
			path: request.url,
			headers: Object.fromEntries(wanted
				.filter((name) => name in request.headers)
				.map((name) => [name, request.headers[name]])),
			body: JSON.parse(body),
		});
		reply.setHeader('content-type', 'application/json');
		reply.end('{"choices":[],"content":[],"candidates":[]}');
	});
});
await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
const url = `http://127.0.0.1:${server.address().port}`;
const user = [{ role: 'user', content: 'PROMPT' }];

await new OpenAI({ apiKey: 'KEY', baseURL: `${url}/v1`, maxRetries: 0 })
	.chat.completions.create({
		model: 'MODEL', max_tokens: 4096, temperature: 0.5, top_p: 0.9,
		messages: [{ role: 'system', content: 'SYSTEM' }, ...user],
	});
await new Anthropic({ apiKey: 'KEY', baseURL: url, maxRetries: 0 })
	.messages.create({
		model: 'MODEL', max_tokens: 4096, temperature: 0.5,
		system: 'SYSTEM', messages: user,
	});
await new GoogleGenAI({ apiKey: 'KEY',
	httpOptions: { baseUrl: url, apiVersion: 'v1beta' } })
	.models.generateContent({
		model: 'MODEL', contents: 'PROMPT',
		config: { systemInstruction: 'SYSTEM', maxOutputTokens: 4096,
			temperature: 0.5, topP: 0.9 },
	});
const [openai, anthropic, gemini] = seen;
console.log(JSON.stringify({ openai, anthropic, gemini }, null, 1));
process.exit(0);
