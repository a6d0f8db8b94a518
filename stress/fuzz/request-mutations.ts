import { announcedBodies } from "./announced-bodies.js";
import type { Dice } from "./dice.js";
import type { RequestParts } from "./http-cases.js";
import type { Entitlement } from "./strict-http.js";

/** Changes a request in place; what comes out can still be written as one. */
type RequestMutation = (parts: RequestParts, entitlement: Entitlement, dice: Dice) => void;

const MUTATIONS: readonly RequestMutation[] = [
	changeToken,
	changeToken,
	changeToken,
	changeHost,
	changeHost,
	addBrowser,
	addProxy,
	addProxy,
	duplicateHeader,
	removeHeader,
	respellHeader,
	oddHeader,
	oddHeader,
	changeMethod,
	changeTarget,
	changeTarget,
	changeTarget,
	announceBody,
	changeVersion,
	crowd,
	reorder,
];

const METHODS = [
	"HEAD",
	"OPTIONS",
	"POST",
	"PUT",
	"DELETE",
	"TRACE",
	"PATCH",
	"CONNECT",
	"get",
	"FOO",
	"PROPFIND",
];

const PROXY_HEADERS = [
	"X-Forwarded-For",
	"X-Forwarded-Host",
	"X-Forwarded-Proto",
	"Forwarded",
	"X-Real-IP",
	"Via",
];

const VERSIONS = [
	"HTTP/1.0",
	"HTTP/1.0",
	"HTTP/0.9",
	"HTTP/2.0",
	"HTTP/1.2",
	"HTTP/1.10",
	"http/1.1",
	"ICE/1.0",
	"",
];

const ODD_HEADERS: readonly (readonly [string, string])[] = [
	["Expect", "100-continue"],
	["Expect", "200-ok"],
	["Upgrade", "websocket"],
	["Upgrade", "h2c"],
	["HTTP2-Settings", "AAMAAABkAAQAAP__"],
	["Connection", "close"],
	["Connection", "Upgrade"],
	["Connection", "Authorization, Host"],
	["X-HTTP-Method-Override", "GET"],
	["X-Original-URL", "/v1/secrets"],
	["X-Rewrite-URL", "/v1/secrets"],
	["X-Forwarded-Host ", "127.0.0.1"],
	["Host\t", "127.0.0.1"],
	["Content-Length", "0"],
	["If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"],
	["Accept", "text/plain\0"],
	["If-None-Match", `${'"x",'.repeat(500)}"r1"`],
	["Cookie", "__proto__=1"],
	["__proto__", "1"],
	["constructor", "1"],
	["X-Odd", "\u00ff\u0080"],
	["X-Odd", "a\u0001b"],
	["X-Folded", "a\r\n b"],
	["", "no name"],
	["X Y", "z"],
];

/** One random change. */
export function mutateRequest(parts: RequestParts, entitlement: Entitlement, dice: Dice): void {
	dice.pick(MUTATIONS)(parts, entitlement, dice);
}

function changeToken(parts: RequestParts, { token }: Entitlement, dice: Dice): void {
	const others = [
		`Bearer ${token.slice(0, dice.below(token.length))}`,
		`Bearer ${token}${dice.pick(["x", " ", ",", "\0", "\t", "="])}`,
		`bearer ${token}`,
		`BEARER ${token}`,
		`Bearer  ${token}`,
		`Bearer\t${token}`,
		`Bearer "${token}"`,
		`Bearer ${token}, Bearer ${token}`,
		`Basic ${Buffer.from(`:${token}`).toString("base64")}`,
		`Token ${token}`,
		`Bearer ${token.toUpperCase()}`,
		`Bearer ${token.slice(1)}`,
		`Bearer ${"a".repeat(dice.pick([1, 64, 8_000]))}`,
		`Bearer ${dice
			.bytes(24)
			.toString("latin1")
			.replace(/[\r\n\0]/g, "x")}`,
		"Bearer",
		"Bearer ",
		token,
		"",
	];
	const index = parts.headers.findIndex(([name]) => name === "Authorization");
	parts.headers.splice(index === -1 ? 0 : index, index === -1 ? 0 : 1, ["Authorization", dice.pick(others)]);
	if (dice.chance(0.1)) parts.target += `?access_token=${token}&token=${token}`;
}

function changeHost(parts: RequestParts, { port }: Entitlement, dice: Dice): void {
	const others = [
		"evil.example",
		"127.0.0.1.evil.example",
		`127.0.0.1:${port}.evil.example`,
		"127.1",
		"2130706433",
		"0x7f.1",
		"0.0.0.0",
		"127.0.0.1.",
		"localhost.",
		"[::1]",
		`[::ffff:127.0.0.1]:${port}`,
		`user@127.0.0.1:${port}`,
		`127.0.0.1:${port}@evil.example`,
		"127.0.0.1, evil.example",
		`127.0.0.1:${port + 1}`,
		"127.0.0.1:",
		"127.0.0.1:0x1e61",
		`LOCALHOST:${port}`,
		"127.0.0.1/",
		"127.0.0.1\\@evil",
		"",
	];
	for (const header of parts.headers) if (header[0] === "Host") header[1] = dice.pick(others);
	if (dice.chance(0.2)) parts.headers.push([dice.pick(["Host", "host", "HOST"]), dice.pick(others)]);
}

function addBrowser(parts: RequestParts, { port }: Entitlement, dice: Dice): void {
	const added: [string, string][] = [
		["Origin", dice.pick(["null", "https://evil.example", `http://127.0.0.1:${port}`, ""])],
		["origin", "http://localhost"],
		["Sec-Fetch-Site", dice.pick(["cross-site", "same-site", "", "none, cross-site", "SAME-ORIGIN"])],
		["Access-Control-Request-Method", "GET"],
	];
	parts.headers.splice(dice.below(parts.headers.length + 1), 0, dice.pick(added));
}

function addProxy(parts: RequestParts, _: Entitlement, dice: Dice): void {
	const name = dice.pick(PROXY_HEADERS);
	const spelled = dice.pick([name, name.toLowerCase(), name.toUpperCase()]);
	const header: [string, string] = [spelled, dice.pick(["127.0.0.1", "1.1 proxy", "for=127.0.0.1", ""])];
	parts.headers.splice(dice.below(parts.headers.length + 1), 0, header);
}

function duplicateHeader(parts: RequestParts, _: Entitlement, dice: Dice): void {
	if (parts.headers.length === 0) return;
	const [name, value] = dice.pick(parts.headers);
	parts.headers.splice(dice.below(parts.headers.length + 1), 0, [name, value]);
}

function removeHeader(parts: RequestParts, _: Entitlement, dice: Dice): void {
	parts.headers.splice(dice.below(parts.headers.length), 1);
}

function respellHeader(parts: RequestParts, _: Entitlement, dice: Dice): void {
	if (parts.headers.length === 0) return;
	const header = dice.pick(parts.headers);
	const [name, value] = header;
	header[0] = dice.pick([
		name.toLowerCase(),
		name.toUpperCase(),
		` ${name}`,
		`${name} `,
		name.replace("-", "_"),
	]);
	header[1] = dice.pick([value, ` ${value}`, `${value} \t`, `\t${value}`, value.toUpperCase(), `${value}\r`]);
}

function oddHeader(parts: RequestParts, _: Entitlement, dice: Dice): void {
	const [name, value] = dice.pick(ODD_HEADERS);
	parts.headers.splice(dice.below(parts.headers.length + 1), 0, [name, value]);
}

function changeMethod(parts: RequestParts, _: Entitlement, dice: Dice): void {
	parts.method = dice.pick(METHODS);
}

function changeTarget(parts: RequestParts, { port }: Entitlement, dice: Dice): void {
	const { target } = parts;
	const others = [
		`http://127.0.0.1:${port}${target}`,
		`http://evil.example${target}`,
		`//evil.example${target}`,
		`/v1/secrets/../health`,
		`/v1/health/../secrets`,
		`/v1/health/%2e%2e/secrets`,
		`/v1/secrets/%2E./health`,
		`/v1/%73ecrets`,
		`//v1//secrets`,
		`${target}/`,
		`${target};x=1`,
		target.toUpperCase(),
		target.replaceAll("/", "\\"),
		`${target}%00`,
		`${target}%0d%0aX:%20y`,
		`${target}%`,
		`${target}%ff%fe`,
		`${target}/%25%32%65`,
		`${target}?format=flat&format=packed`,
		`${target}?format=${dice.pick(["FLAT", "json", "__proto__", "%66lat", "", "flat%00"])}`,
		`${target}#fragment`,
		`${target}?${"a=b&".repeat(dice.pick([1, 500, 4_000]))}`,
		`/v1/secrets/${dice.pick(["__proto__", "constructor", "toString", "hasOwnProperty", "%5f_proto__"])}`,
		`/v1/secrets/web/${dice.pick(["__proto__", "TOKEN/", "TOKEN%2f", "../db/PASSWORD", ""])}`,
		`/v1/secrets/${"x".repeat(dice.pick([300, 9_000]))}`,
		"/v1/secrets\u00e9",
		"*",
		`127.0.0.1:${port}`,
		"",
	];
	parts.target = dice.pick(others);
}

function announceBody(parts: RequestParts, { token }: Entitlement, dice: Dice): void {
	const { body, headers } = dice.pick(announcedBodies(token));
	parts.body = body;
	parts.headers.push(...headers.map(([name, value]): [string, string] => [name, value]));
}

function changeVersion(parts: RequestParts, _: Entitlement, dice: Dice): void {
	parts.version = dice.pick(VERSIONS);
}

/** Headers by the thousand, or of many kilobytes; at times, the ones that count come after them. */
function crowd(parts: RequestParts, _: Entitlement, dice: Dice): void {
	const [count, size] = dice.pick([
		[1, 7_000],
		[1, 17_000],
		[1, 70_000],
		[100, 100],
		[1_990, 0],
		[2_010, 0],
		[3_000, 0],
	] as const);
	const headers = Array.from({ length: count }, (): [string, string] => ["a", "b".repeat(size)]);
	parts.headers.splice(dice.below(parts.headers.length + 1), 0, ...headers);
}

function reorder(parts: RequestParts, _: Entitlement, dice: Dice): void {
	const [moved] = parts.headers.splice(dice.below(parts.headers.length), 1);
	if (moved !== undefined) parts.headers.splice(dice.below(parts.headers.length + 1), 0, moved);
}
