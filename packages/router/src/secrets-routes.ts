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
	const { tag, headers, notModified } = representation(body, open.revision, format);
	const condition = request.headers.get("if-none-match");
	if (condition !== null && matchesEntityTag(condition, tag)) return notModified;
	return { status: 200, headers, body, release: open.retain() };
}

/** `GET /v1/keys`: the listed names, sorted. */
export function keysReply({ secrets }: OpenSecrets): Reply {
	return jsonReply(200, secrets.names());
}

/** `GET /v1/secrets/:key`: a listed name, or a key that only one namespace has; `key` as in the path. */
export function namedSecretReply(request: RouteRequest, { secrets }: OpenSecrets, key: string): Reply {
	if (!isPlainTarget(request.path)) return UNREADABLE_NAME;
	const found = secrets.find(decoded(key));
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
	const value = secrets.findIn(decoded(namespace), decoded(key));
	return value === undefined ? UNKNOWN_NAME : valueReply(request, value);
}

/** Of a segment of a path that can be decoded; most names have nothing in them that is encoded. */
function decoded(segment: string): string {
	return segment.includes("%") ? decodeURIComponent(segment) : segment;
}

function valueReply({ headers }: RouteRequest, value: string): Reply {
	return prefersText(headers.get("accept"))
		? textReply(200, "text/plain; charset=utf-8", value)
		: // Written out, since V8 takes several times as long for an object as for a string.
			textReply(200, "application/json", `{"value":${JSON.stringify(value)}}`);
}

/** Whichever of the two types is named first; weights are not looked at. */
function prefersText(accept: string | null): boolean {
	const types = accept?.toLowerCase() ?? "";
	const text = types.indexOf("text/plain");
	const json = types.indexOf("application/json");
	return text !== -1 && (json === -1 || text < json);
}

/** What is said of a body beside its bytes. */
interface Representation {
	readonly tag: string;
	readonly headers: Reply["headers"];
	/** For a client that has these bytes already. */
	readonly notModified: Reply;
}

/**
 * Made once per body, because a body is served thousands of times before it is replaced; by format too, because a
 * flat payload has one body for both.
 */
const representations = {
	packed: new WeakMap<Buffer, Representation>(),
	flat: new WeakMap<Buffer, Representation>(),
};

function representation(body: Buffer, revision: string, format: BodyFormat): Representation {
	const known = representations[format].get(body);
	if (known !== undefined) return known;
	const tag = entityTag(revision, format);
	const type = { "Content-Type": "application/json", "Content-Length": String(body.byteLength) };
	const made: Representation = {
		tag,
		headers: { ...STANDING_HEADERS, ...type, ETag: tag },
		notModified: { status: 304, headers: { ...STANDING_HEADERS, ETag: tag }, body: null },
	};
	representations[format].set(body, made);
	return made;
}
