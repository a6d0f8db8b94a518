import { createHash, generateKeyPairSync } from "node:crypto";
import { type SealedFields, type SealOptions, sealFields, signFields } from "@clef-sh/testkit/artifacts";
import type { ArtifactFacts, Facts } from "./facts.js";

/** Begins every secret value of a run, so that one look finds any of them where it should not be. */
export const SECRET_MARK = "s3cr3t-";

/** A body that some source may answer with, and all that is true of it. */
export interface Edition {
	readonly bytes: Buffer;
	/** What an honest source would send as `ETag`. */
	readonly tag: string;
	readonly facts: Facts;
}

/** An edition that is an artifact; its fields are there to make others of. */
export interface ArtifactEdition extends Edition {
	readonly facts: ArtifactFacts;
	readonly fields: SealedFields;
}

/** How an edition is to differ from an ordinary one. */
export interface EditionOptions {
	readonly packedAtMs: number;
	readonly expiresAtMs?: number;
	readonly revision?: string;
	readonly identity?: string;
	/** A name among {@link SIGNERS}; false leaves it unsigned. */
	readonly signer: string | false;
	/** The payload is no set of secrets. */
	readonly isHopeless?: boolean;
}

/** The identity that agents are told to serve, where they are told. */
export const IDENTITY = "api-gateway";

/** Fresh signing keys by name; `x` is trusted by nobody. */
export const SIGNERS: Readonly<Record<string, { readonly privatePem: string; readonly publicKey: string }>> =
	{
		a: newSigner(),
		b: newSigner(),
		x: newSigner(),
	};

function newSigner(): { readonly privatePem: string; readonly publicKey: string } {
	const { privateKey, publicKey } = generateKeyPairSync("ed25519");
	return {
		privatePem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
		publicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64"),
	};
}

/** Makes bodies of every kind, good and bad, and knows the truth about each. */
export class Press {
	#count = 0;

	/** A sound artifact, but for what the options say. */
	async artifact(options: EditionOptions): Promise<ArtifactEdition> {
		this.#count += 1;
		const secrets = { KEY: `${SECRET_MARK}${this.#count}`, OTHER: `${SECRET_MARK}other-${this.#count}` };
		const sealed: SealOptions = {
			secrets: options.isHopeless ? "[1]" : secrets,
			identity: options.identity ?? IDENTITY,
			revision: options.revision ?? `r${this.#count}`,
			packedAt: iso(options.packedAtMs),
			signingKey: options.signer === false ? false : (SIGNERS[options.signer]?.privatePem ?? false),
			...(options.expiresAtMs === undefined ? {} : { expiresAt: iso(options.expiresAtMs) }),
		};
		return edition(await sealFields(sealed), {
			packedAtMs: options.packedAtMs,
			expiresAtMs: options.expiresAtMs,
			signer: options.signer === false ? undefined : options.signer,
			isIntact: true,
			opens: options.isHopeless !== true,
			secrets: JSON.stringify(secrets),
		});
	}

	/** The same with a part of its ciphertext turned over; with `isRehashed` its hash fits again. */
	tampered(original: ArtifactEdition, isRehashed: boolean): ArtifactEdition {
		const sealed = Buffer.from(String(original.fields.ciphertext), "base64");
		sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
		const ciphertext = sealed.toString("base64");
		const hash = isRehashed ? sha256Hex(ciphertext) : original.fields.ciphertextHash;
		const fields = { ...original.fields, ciphertext, ciphertextHash: hash };
		return edition(fields, { ...original.facts, signer: undefined, isIntact: isRehashed, opens: false });
	}

	/** The same without a signature, or signed by somebody else. */
	resigned(original: ArtifactEdition, signer: string | false): ArtifactEdition {
		const { signature: _, signatureAlgorithm: __, ...bare } = original.fields;
		const pem = signer === false ? undefined : SIGNERS[signer]?.privatePem;
		const fields = pem === undefined ? bare : signFields(bare, pem);
		return edition(fields, { ...original.facts, signer: signer === false ? undefined : signer });
	}

	/** The same, revoked: `revokedAt` as given. */
	revoked(original: ArtifactEdition, revokedAt: unknown): Edition {
		const { packedAtMs } = original.facts;
		return revocation({ ...original.fields, revokedAt }, revokedAt, packedAtMs);
	}

	/** A revocation and nothing else. */
	bareRevocation(revokedAt: unknown): Edition {
		return revocation({ revokedAt }, revokedAt, undefined);
	}

	/** No artifact at all. */
	junk(text: string): Edition {
		return { bytes: Buffer.from(text), tag: tagOf(text), facts: { kind: "junk" } };
	}
}

type Truth = Omit<ArtifactFacts, "kind" | "payload" | "revision" | "identity">;

function edition(fields: SealedFields, truth: Truth): ArtifactEdition {
	const { signature: _, signatureAlgorithm: __, ciphertext: ___, ...signed } = fields;
	const text = JSON.stringify(fields);
	const facts: ArtifactFacts = {
		kind: "artifact",
		payload: sha256Hex(JSON.stringify(signed)),
		revision: String(fields.revision),
		identity: String(fields.identity),
		packedAtMs: truth.packedAtMs,
		expiresAtMs: truth.expiresAtMs,
		signer: truth.signer,
		isIntact: truth.isIntact,
		opens: truth.opens,
		secrets: truth.secrets,
	};
	return { bytes: Buffer.from(text), tag: tagOf(text), fields, facts };
}

function revocation(fields: SealedFields, revokedAt: unknown, packedAtMs: number | undefined): Edition {
	const text = JSON.stringify(fields);
	const ms = typeof revokedAt === "string" ? Date.parse(revokedAt) : Number.NaN;
	const revokedAtMs = Number.isNaN(ms) ? undefined : ms;
	return {
		bytes: Buffer.from(text),
		tag: tagOf(text),
		facts: { kind: "revocation", revokedAtMs, packedAtMs },
	};
}

/** ISO-8601 text of epoch milliseconds. */
export function iso(ms: number): string {
	return new Date(ms).toISOString();
}

function tagOf(text: string): string {
	return `"${sha256Hex(text).slice(0, 16)}"`;
}

function sha256Hex(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}
