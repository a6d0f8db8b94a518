import type { Secrets } from "@clef-sh/core";
import { parseKeyPairs } from "./key-pairs.js";

/** The headers that packed secrets ask for, and what is wrong with them. */
export interface PackedHeaders {
	readonly headers: Readonly<Record<string, string>>;
	/** Sentences that show neither names nor values. */
	readonly problems: readonly string[];
}

const HEADERS = "CLEF_TELEMETRY_HEADERS";
const TOKEN = "CLEF_TELEMETRY_TOKEN";

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** These say how a body is sent, which the exporter alone knows. */
const RESERVED: ReadonlySet<string> = new Set([
	"connection",
	"content-encoding",
	"content-length",
	"content-type",
	"expect",
	"host",
	"keep-alive",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
]);

/** Reads `CLEF_TELEMETRY_HEADERS`, or else `CLEF_TELEMETRY_TOKEN`, from flat secrets or any one namespace. */
export function readPackedHeaders(secrets: Secrets | undefined): PackedHeaders {
	const problems: string[] = [];
	const list = lookUp(secrets, HEADERS, problems);
	if (list !== undefined) return { headers: usable(parseKeyPairs(list), HEADERS, problems), problems };
	const token = lookUp(secrets, TOKEN, problems);
	if (token === undefined) return { headers: {}, problems };
	return { headers: usable(new Map([["authorization", `Bearer ${token}`]]), TOKEN, problems), problems };
}

function lookUp(secrets: Secrets | undefined, name: string, problems: string[]): string | undefined {
	const found = secrets?.find(name);
	if (found?.status === "ambiguous") {
		problems.push(`telemetry does without ${name}: more than one namespace of the packed secrets has it`);
	}
	return found?.status === "found" && found.value.trim() !== "" ? found.value : undefined;
}

function usable(
	pairs: ReadonlyMap<string, string>,
	from: string,
	problems: string[],
): Readonly<Record<string, string>> {
	// In lower case, so that two spellings of a name are one header, of which the last counts.
	const all = Array.from(pairs, ([name, value]) => [name.toLowerCase(), value] as const);
	const good = all.filter(([name, value]) => NAME.test(name) && VALUE.test(value) && !RESERVED.has(name));
	if (good.length < all.length) {
		problems.push(`telemetry leaves a header of ${from} out: it is not one that can be sent`);
	}
	return Object.fromEntries(good);
}
