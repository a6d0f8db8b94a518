import type { BodyFormat, OpenSecrets } from "@clef-sh/core";
import { entityTag, matchesEntityTag } from "./entity-tag.js";
import { malformed, notFound, refusal } from "./refusal.js";
import { jsonReply, type Reply, STANDING_HEADERS, textReply } from "./reply.js";
import { isPlainTarget } from "./request-target.js";
import type { RouteRequest } from "./route-request.js";

const UNKNOWN_FORMAT = malformed("The only format that can be asked for is ?format=flat.");
const UNREADABLE_NAME = malformed(
	"The name in the path is not valid percent-encoded UTF-8; encode it as one path segment.",
);
const UNKNOWN_NAME = notFound("No secret has this name; GET /v1/keys lists the names there are.");
const AMBIGUOUS_NAME = refusal(
	409,
	"AMBIGUOUS_NAME",
	"Several secrets have this name; ask for /v1/secrets/<namespace>/<key>.",
);
const AMBIGUOUS_FLAT = refusal(
	409,
	"AMBIGUOUS_NAME",
	"Two secrets would share one flat name; ask for /v1/secrets without ?format=flat.",
);

/**
 * `GET /v1/secrets`: the body that was serialised when the secrets were taken in, byte for byte.
 *
 * The bytes stay held until the reply is delivered, whatever replaces them meanwhile.
 */
export function secretsReply(request: RouteRequest, open: OpenSecrets): Reply {
	const format = request.query("format") ?? "packed";
	if (format !== "packed" && format !== "flat") return UNKNOWN_FORMAT;
	const body = open.body(format);
	if (body === undefined) return AMBIGUOUS_FLAT;
	const headers = bodyHeaders(body, open.revision, format);
	const condition = request.headers.get("if-none-match");
	if (condition !== null && matchesEntityTag(condition, headers.ETag)) return notModified(headers.ETag);
	return { status: 200, headers, body, release: open.retain() };
}

/** `GET /v1/keys`: the listed names, sorted. */
export function keysReply({ secrets }: OpenSecrets): Reply {
	return jsonReply(200, secrets.names());
}

/** `GET /v1/secrets/:key`: a listed name, or a key that only one namespace has; `key` as in the path. */
export function namedSecretReply(request: RouteRequest, { secrets }: OpenSecrets, key: string): Reply {
	if (!isPlainTarget(request.path)) return UNREADABLE_NAME;
	const found = secrets.find(decodeURIComponent(key));
	if (found.status === "ambiguous") return AMBIGUOUS_NAME;
	return found.status === "found" ? valueReply(request, found.value) : UNKNOWN_NAME;
}

/** `GET /v1/secrets/:namespace/:key`: never ambiguous; both names as in the path. */
export function namespacedSecretReply(
	request: RouteRequest,
	{ secrets }: OpenSecrets,
	namespace: string,
	key: string,
): Reply {
	if (!isPlainTarget(request.path)) return UNREADABLE_NAME;
	const value = secrets.findIn(decodeURIComponent(namespace), decodeURIComponent(key));
	return value === undefined ? UNKNOWN_NAME : valueReply(request, value);
}

function valueReply({ headers }: RouteRequest, value: string): Reply {
	return prefersText(headers.get("accept"))
		? textReply(200, "text/plain; charset=utf-8", value)
		: jsonReply(200, { value });
}

/** Whichever of the two types is named first; weights are not looked at. */
function prefersText(accept: string | null): boolean {
	const types = accept?.toLowerCase() ?? "";
	const text = types.indexOf("text/plain");
	const json = types.indexOf("application/json");
	return text !== -1 && (json === -1 || text < json);
}

function notModified(tag: string): Reply {
	return { status: 304, headers: { ...STANDING_HEADERS, ETag: tag }, body: null };
}

type BodyHeaders = Readonly<Record<string, string>> & { readonly ETag: string };

/**
 * One headers object per body, because a body is served thousands of times before it is replaced; by format
 * too, because a flat payload has one body for both.
 */
const headersOfBody = {
	packed: new WeakMap<Buffer, BodyHeaders>(),
	flat: new WeakMap<Buffer, BodyHeaders>(),
};

function bodyHeaders(body: Buffer, revision: string, format: BodyFormat): BodyHeaders {
	const known = headersOfBody[format].get(body);
	if (known !== undefined) return known;
	const headers = {
		...STANDING_HEADERS,
		"Content-Type": "application/json",
		"Content-Length": String(body.byteLength),
		ETag: entityTag(revision, format),
	};
	headersOfBody[format].set(body, headers);
	return headers;
}
