import { headerRef, json, response, responseRef } from "./responses.js";
import { schemaRef } from "./schemas.js";
import type { Parameter, Responses } from "./types.js";

/** One route, described. */
export interface Operation {
	readonly method: "get" | "post";
	/** As OpenAPI writes it: `{name}` for a parameter. */
	readonly path: string;
	readonly id: string;
	readonly summary: string;
	readonly description?: string;
	/** Whether it asks for the token, and refuses web pages and proxies. */
	readonly isSecret: boolean;
	readonly parameters?: readonly Parameter[];
	/** Those that are its own; the ones that every request may get are added. */
	readonly responses: Responses;
}

const ABSENT = { "404": responseRef("NotFound") };
const UNAVAILABLE = { "503": responseRef("Unavailable") };
const IF_NONE_MATCH: Parameter = {
	name: "If-None-Match",
	in: "header",
	description: "Tags of what the client has; 304 while one of them names what is served.",
	schema: { type: "string" },
};
const VALUE: Responses = {
	"200": response("The value; as bare text where `Accept` names text/plain before application/json.", {
		"application/json": { schema: schemaRef("SecretValue") },
		"text/plain": { schema: { type: "string" } },
	}),
	"404": responseRef("NotFound"),
	...UNAVAILABLE,
};

function pathParameter(name: string, description: string): Parameter {
	return { name, in: "path", required: true, description, schema: { type: "string" } };
}

const STATUS: readonly Operation[] = [
	{
		method: "get",
		path: "/v1/health",
		id: "getHealth",
		summary: "Whether the process lives, and in which state its secrets are",
		isSecret: false,
		responses: { "200": json("The process lives.", "Health") },
	},
	{
		method: "get",
		path: "/v1/ready",
		id: "getReady",
		summary: "Whether secrets would be served now",
		isSecret: false,
		responses: {
			"200": json("Secrets would be served.", "Ready"),
			"503": json("None would be.", "NotReady"),
		},
	},
	{
		method: "get",
		path: "/v1/metrics",
		id: "getMetrics",
		summary: "Metrics in Prometheus' text form",
		description: "Only with `CLEF_AGENT_METRICS=prometheus`.",
		isSecret: true,
		responses: {
			"200": response("Version 0.0.4 of the text form.", { "text/plain": { schema: { type: "string" } } }),
			...ABSENT,
		},
	},
];

const SECRETS: readonly Operation[] = [
	{
		method: "get",
		path: "/v1/secrets",
		id: "getSecrets",
		summary: "All secrets",
		isSecret: true,
		parameters: [
			{
				name: "format",
				in: "query",
				description: "`flat` makes `<namespace>__<KEY>` of namespaced names.",
				schema: { type: "string", enum: ["flat", "packed"] },
			},
			{
				name: "wait",
				in: "query",
				description:
					"Seconds to wait, with `If-None-Match`, for something else to answer than 304; 300 at most. Not in Lambda.",
				schema: { type: "integer", minimum: 0, maximum: 999_999_999 },
			},
			IF_NONE_MATCH,
		],
		responses: {
			"200": json("The secrets.", "Secrets", { ETag: headerRef("RevisionTag") }),
			"304": response("The client has them already.", undefined, { ETag: headerRef("RevisionTag") }),
			"409": responseRef("Ambiguous"),
			"503": responseRef("UnavailableOrFull"),
		},
	},
	{
		method: "get",
		path: "/v1/secrets/{key}",
		id: "getSecret",
		summary: "One secret, by a listed name or by a key that only one namespace has",
		isSecret: true,
		parameters: [pathParameter("key", "Percent-encoded as one segment.")],
		responses: { ...VALUE, "409": responseRef("Ambiguous") },
	},
	{
		method: "get",
		path: "/v1/secrets/{namespace}/{key}",
		id: "getNamespacedSecret",
		summary: "One secret of a namespace",
		isSecret: true,
		parameters: [
			pathParameter("namespace", "Percent-encoded as one segment."),
			pathParameter("key", "Percent-encoded as one segment."),
		],
		responses: VALUE,
	},
	{
		method: "get",
		path: "/v1/keys",
		id: "getNames",
		summary: "The names of all secrets",
		isSecret: true,
		responses: { "200": json("The names.", "Names"), ...UNAVAILABLE },
	},
];

const PUSH: readonly Operation[] = [
	{
		method: "get",
		path: "/v1/events",
		id: "getEvents",
		summary: "A stream that tells of other secrets, by their names",
		description: [
			"Server-sent events that never end by themselves. `revision` has the event id to send as",
			"`Last-Event-ID`, and the names that were added, changed and removed since; `revoked` and `expired`",
			"say that nothing is served any more, and `recovered` that it is again. No value is ever in the stream.",
			"Comments keep it open. Not in Lambda.",
		].join(" "),
		isSecret: true,
		parameters: [
			{
				name: "Last-Event-ID",
				in: "header",
				description: "The latest event id that the client has seen.",
				schema: { type: "string" },
			},
		],
		responses: {
			"200": response("The stream.", {
				"text/event-stream": {
					schema: { type: "string" },
					"x-events": {
						revision: schemaRef("RevisionEvent"),
						revoked: schemaRef("RevokedEvent"),
						expired: schemaRef("ExpiredEvent"),
						recovered: schemaRef("RecoveredEvent"),
					},
				},
			}),
			...ABSENT,
			"503": responseRef("TooManyWaiting"),
		},
	},
	{
		method: "post",
		path: "/v1/refresh",
		id: "refresh",
		summary: "Asks the source now, and waits for the outcome",
		description: "Whoever asks while a refresh is under way gets its outcome. It takes no body.",
		isSecret: true,
		responses: {
			"200": json("What became of it.", "Refresh"),
			...ABSENT,
			"429": responseRef("TooSoon"),
		},
	},
];

/** Every route that a router can have. */
export const OPERATIONS: readonly Operation[] = [...STATUS, ...SECRETS, ...PUSH];
