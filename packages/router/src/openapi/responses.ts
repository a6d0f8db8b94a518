import type { RefusalCode } from "../refusal.js";
import { type SchemaName, schemaRef } from "./schemas.js";
import type { Header, MediaType, Reference, ResponseObject } from "./types.js";

type HeaderName = "CacheControl" | "ContentTypeOptions" | "RevisionTag" | "RetryAfter";

/** Headers that several responses share, by their name in the components. */
export const HEADERS: Readonly<Record<HeaderName, Header>> = {
	CacheControl: {
		description: "Secrets are not for caches.",
		required: true,
		schema: { const: "no-store" },
	},
	ContentTypeOptions: {
		description: "JSON is not for sniffing.",
		required: true,
		schema: { const: "nosniff" },
	},
	RevisionTag: {
		description: "Names the revision and the format; for `If-None-Match`.",
		required: true,
		schema: { type: "string", pattern: '^"[^"]+"$' },
	},
	RetryAfter: {
		description: "Seconds to wait before the next request.",
		required: true,
		schema: { type: "integer", minimum: 1 },
	},
};

/** A pointer to one of the shared headers. */
export function headerRef(name: HeaderName): Reference {
	return { $ref: `#/components/headers/${name}` };
}

/** A response with the headers that all have. */
export function response(
	description: string,
	content?: Readonly<Record<string, MediaType>>,
	headers: Readonly<Record<string, Header | Reference>> = {},
): ResponseObject {
	return {
		description,
		headers: {
			"Cache-Control": headerRef("CacheControl"),
			"X-Content-Type-Options": headerRef("ContentTypeOptions"),
			...headers,
		},
		...(content && { content }),
	};
}

/** A response whose body is JSON of one schema. */
export function json(
	description: string,
	schema: SchemaName,
	headers?: Readonly<Record<string, Header | Reference>>,
): ResponseObject {
	return response(description, { "application/json": { schema: schemaRef(schema) } }, headers);
}

/** A refusal of the API itself, with one of these codes. */
function refusalResponse(
	description: string,
	codes: readonly RefusalCode[],
	headers?: Readonly<Record<string, Header | Reference>>,
): ResponseObject {
	const schema = {
		...schemaRef("Refusal"),
		type: "object",
		properties: { code: { type: "string", enum: codes } },
	} as const;
	return response(description, { "application/json": { schema } }, headers);
}

type ResponseName =
	| "Malformed"
	| "Refused"
	| "Unauthorized"
	| "HostRefused"
	| "NotFound"
	| "MethodNotAllowed"
	| "RequestTimeout"
	| "Ambiguous"
	| "TooSoon"
	| "TooLarge"
	| "Internal"
	| "Unavailable"
	| "TooManyWaiting"
	| "UnavailableOrFull";

/** Refusals and failures, by their name in the components. */
export const RESPONSES: Readonly<Record<ResponseName, ResponseObject>> = {
	Malformed: refusalResponse("The request cannot be understood.", ["REQUEST_MALFORMED"]),
	Refused: refusalResponse("The request cannot be understood, or comes from a web page or through a proxy.", [
		"BROWSER_REFUSED",
		"PROXY_REFUSED",
		"REQUEST_MALFORMED",
	]),
	Unauthorized: refusalResponse("The token is missing or wrong.", ["UNAUTHORIZED"], {
		"WWW-Authenticate": {
			description: "The scheme to use.",
			required: true,
			schema: { const: "Bearer" },
		},
	}),
	HostRefused: refusalResponse("`Host` is neither 127.0.0.1 nor localhost.", ["HOST_REFUSED"]),
	NotFound: refusalResponse("There is no such endpoint or name.", ["NOT_FOUND"]),
	MethodNotAllowed: refusalResponse("The path does not take this method.", ["METHOD_NOT_ALLOWED"], {
		Allow: {
			description: "The methods it takes.",
			required: true,
			schema: { type: "string", enum: ["GET, HEAD", "POST"] },
		},
	}),
	RequestTimeout: refusalResponse("The request arrives too slowly.", ["REQUEST_TIMEOUT"]),
	Ambiguous: refusalResponse("The name means several secrets.", ["AMBIGUOUS_NAME"]),
	TooSoon: refusalResponse("A refresh was asked for less than a second ago.", ["REFRESH_TOO_SOON"], {
		"Retry-After": headerRef("RetryAfter"),
	}),
	TooLarge: refusalResponse("The headers exceed 16 KiB.", ["REQUEST_TOO_LARGE"]),
	Internal: refusalResponse("A defect of the agent.", ["INTERNAL"]),
	Unavailable: json("Nothing may be served now.", "Unavailable"),
	TooManyWaiting: refusalResponse("Too many clients wait for changes.", ["TOO_MANY_WAITING"], {
		"Retry-After": headerRef("RetryAfter"),
	}),
	UnavailableOrFull: response(
		"Nothing may be served now, or too many clients wait for changes.",
		{
			"application/json": {
				schema: {
					type: "object",
					oneOf: [
						schemaRef("Unavailable"),
						{
							...schemaRef("Refusal"),
							type: "object",
							properties: { code: { const: "TOO_MANY_WAITING" } },
						},
					],
				},
			},
		},
		{
			"Retry-After": {
				description: "Seconds to wait before the next request; there when too many clients wait.",
				schema: { type: "integer", minimum: 1 },
			},
		},
	),
};

/** A pointer to one of the shared responses. */
export function responseRef(name: ResponseName): Reference {
	return { $ref: `#/components/responses/${name}` };
}
