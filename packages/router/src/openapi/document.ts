import { OPERATIONS, type Operation } from "./operations.js";
import { HEADERS, RESPONSES, responseRef } from "./responses.js";
import { SCHEMAS } from "./schemas.js";
import type { OpenApiDocument, OperationObject, Responses } from "./types.js";

const DESCRIPTION = [
	"The API that clef-agent serves on 127.0.0.1 only. `GET` operations can be asked by `HEAD` too, which has the same",
	"status and headers and no body. Over a Unix domain socket neither `Host` nor, unless it is wanted, the token is",
	"asked for.",
].join(" ");

/** What can happen to any request, whatever it asks for. */
const ANY_REQUEST: Responses = {
	"403": responseRef("HostRefused"),
	"408": responseRef("RequestTimeout"),
	"431": responseRef("TooLarge"),
	"500": responseRef("Internal"),
};

/** The API's OpenAPI 3.1 document; `version` is that of the API. */
export function openApiDocument(version: string): OpenApiDocument {
	return {
		openapi: "3.1.1",
		jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
		info: {
			title: "clef-agent",
			version,
			summary: "Hands an application its secrets.",
			description: DESCRIPTION,
			license: { name: "MIT", identifier: "MIT" },
		},
		servers: [
			{
				url: "http://127.0.0.1:{port}",
				variables: { port: { default: "7779", description: "`CLEF_AGENT_PORT`." } },
			},
		],
		paths: paths(),
		components: {
			schemas: SCHEMAS,
			headers: HEADERS,
			responses: RESPONSES,
			securitySchemes: { token: { type: "http", scheme: "bearer" } },
		},
		"x-other-requests": {
			description: "Answers to requests that are none of these operations.",
			responses: {
				...ANY_REQUEST,
				"400": responseRef("Refused"),
				"401": responseRef("Unauthorized"),
				"404": responseRef("NotFound"),
				"405": responseRef("MethodNotAllowed"),
			},
		},
	};
}

function paths(): OpenApiDocument["paths"] {
	const all: Record<string, Partial<Record<Operation["method"], OperationObject>>> = {};
	for (const operation of OPERATIONS) {
		all[operation.path] = { ...all[operation.path], [operation.method]: operationObject(operation) };
	}
	return all;
}

function operationObject(operation: Operation): OperationObject {
	const { id, summary, description, parameters, isSecret } = operation;
	const guarded = isSecret
		? { "400": responseRef("Refused"), "401": responseRef("Unauthorized") }
		: { "400": responseRef("Malformed") };
	return {
		operationId: id,
		summary,
		...(description && { description }),
		security: isSecret ? [{ token: [] }] : [],
		...(parameters && { parameters }),
		responses: { ...operation.responses, ...guarded, ...ANY_REQUEST },
	};
}
