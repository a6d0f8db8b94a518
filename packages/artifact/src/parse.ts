import { ArtifactError } from "./artifact-error.js";
import { type Encryption, readEncryption } from "./encryption.js";
import { Fields, isRecord } from "./fields.js";
import { type ArtifactHeader, readHeader } from "./header.js";
import { type Revocation, readRevocation } from "./revocation.js";

interface UnverifiedFields {
	readonly header: ArtifactHeader;
	readonly encryption: Encryption;
	readonly ciphertext: string;
	readonly ciphertextBytes: Uint8Array;
	readonly signature: string | undefined;
	readonly signatureAlgorithm: string | undefined;
}

let construct: (fields: UnverifiedFields) => UnverifiedArtifact;

/** An artifact whose shape is sound and whose content nobody has vouched for; only `parseArtifact` makes one. */
export class UnverifiedArtifact {
	readonly kind = "artifact";
	readonly header: ArtifactHeader;
	readonly encryption: Encryption;
	/** Canonical base64 text. */
	readonly ciphertext: string;
	/** What that text stands for. */
	readonly ciphertextBytes: Uint8Array;
	/** As the body has it: neither base64 nor of any known algorithm yet. */
	readonly signature?: string;
	readonly signatureAlgorithm?: string;
	// biome-ignore lint/correctness/noUnusedPrivateClassMembers: without it any object of this shape would do.
	readonly #brand: true;

	static {
		construct = (fields) => new UnverifiedArtifact(fields);
	}

	private constructor(fields: UnverifiedFields) {
		this.#brand = true;
		this.header = fields.header;
		this.encryption = fields.encryption;
		this.ciphertext = fields.ciphertext;
		this.ciphertextBytes = fields.ciphertextBytes;
		if (fields.signature !== undefined) this.signature = fields.signature;
		if (fields.signatureAlgorithm !== undefined) this.signatureAlgorithm = fields.signatureAlgorithm;
		Object.freeze(this);
	}
}

/**
 * Reads a body as an artifact, or as a revocation when it has a `revokedAt`.
 *
 * Throws `ARTIFACT_MALFORMED`, naming every broken field, or `ARTIFACT_VERSION_UNSUPPORTED`.
 */
export function parseArtifact(body: Uint8Array): UnverifiedArtifact | Revocation {
	const fields = new Fields(parseObject(body));
	return readRevocation(fields) ?? readArtifact(fields);
}

function readArtifact(fields: Fields): UnverifiedArtifact {
	readVersion(fields);
	const header = readHeader(fields);
	const encryption = readEncryption(fields);
	const { text: ciphertext, bytes: ciphertextBytes } = fields.requiredBase64("ciphertext");
	const artifact: UnverifiedFields = {
		...{ header, encryption, ciphertext, ciphertextBytes },
		signature: fields.optionalText("signature"),
		signatureAlgorithm: fields.optionalText("signatureAlgorithm"),
	};
	fields.assertSound();
	return construct(artifact);
}

function readVersion(fields: Fields): void {
	const version = fields.value("version");
	if (version === 1) return;
	// Another version may well have other fields, so theirs are not judged by this one's rules.
	if (typeof version === "number") {
		throw new ArtifactError(
			"ARTIFACT_VERSION_UNSUPPORTED",
			`The artifact has format version ${version}, and this agent reads version 1; update the agent.`,
		);
	}
	if (version === undefined) fields.refuse("version", "is missing", "missing_fields");
	else fields.refuse("version", "is not a number");
}

function parseObject(body: Uint8Array): object {
	const value = parseJson(body);
	if (isRecord(value)) return value;
	throw new ArtifactError(
		"ARTIFACT_MALFORMED",
		"The artifact is JSON but not an object; check what the source serves.",
		{ problem: "invalid_shape" },
	);
}

/** Commas and opening brackets; an artifact has some twenty. */
const MOST_VALUES = 100_000;
const STARTS_OF_VALUES = [",", "[", "{"];

/**
 * A body within the cap can still become gigabytes of empty lists, which take the process with them, and that before
 * any signature is looked at. Counted in texts, too, which is quick and enough.
 */
function assertFewValues(body: Uint8Array): void {
	const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
	let count = 0;
	for (const start of STARTS_OF_VALUES) {
		for (let at = bytes.indexOf(start); at >= 0; at = bytes.indexOf(start, at + 1)) {
			count += 1;
			if (count > MOST_VALUES) throw tooManyValues();
		}
	}
}

function tooManyValues(): ArtifactError {
	return new ArtifactError(
		"ARTIFACT_MALFORMED",
		"The artifact holds far more values than any artifact has; check what the source serves.",
		{ problem: "invalid_shape" },
	);
}

function parseJson(body: Uint8Array): unknown {
	assertFewValues(body);
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
	} catch {
		// No cause: the engine's message quotes the body.
		throw new ArtifactError(
			"ARTIFACT_MALFORMED",
			"The artifact is not complete JSON in UTF-8; check that the source serves the packed file itself.",
			{ problem: "json_parse" },
		);
	}
}
