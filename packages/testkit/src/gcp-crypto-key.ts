import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** What becomes of a key version. */
export type GcpVersionState = "ENABLED" | "DISABLED" | "DESTROYED";

interface Version {
	readonly secret: Buffer;
	state: GcpVersionState;
}

/** A key with its versions, counted from 1; the newest is its primary. */
export class GcpCryptoKey {
	readonly name: string;
	readonly #versions: Version[] = [];

	constructor(name: string) {
		this.name = name;
	}

	/** The number of its primary version; 0 while it has none. */
	get primary(): number {
		return this.#versions.length;
	}

	/** Adds a version, which becomes its primary. */
	addVersion(): void {
		this.#versions.push({ secret: randomBytes(32), state: "ENABLED" });
	}

	/** The state of a version; undefined where there is none of this number. */
	state(version: number): GcpVersionState | undefined {
		return this.#versions[version - 1]?.state;
	}

	/** Changes the state of a version. */
	setState(version: number, state: GcpVersionState): void {
		const found = this.#versions[version - 1];
		if (found === undefined) throw new RangeError(`${this.name} has no version ${version}`);
		found.state = state;
	}

	/** Wraps bytes with the primary version, whose number is the ciphertext's first byte. */
	wrap(plaintext: Uint8Array): Buffer {
		const primary = this.#versions.at(-1);
		if (primary === undefined) throw new RangeError(`${this.name} has no version`);
		const iv = randomBytes(12);
		const cipher = createCipheriv("aes-256-gcm", primary.secret, iv).setAAD(Buffer.from(this.name));
		const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
		return Buffer.concat([Uint8Array.of(this.primary), iv, cipher.getAuthTag(), sealed]);
	}

	/** Unwraps bytes; undefined when they are damaged or of another key. */
	unwrap(ciphertext: Buffer): Buffer | undefined {
		const version = this.#versions[versionIn(ciphertext) - 1];
		if (version === undefined) return undefined;
		try {
			const decipher = createDecipheriv("aes-256-gcm", version.secret, ciphertext.subarray(1, 13))
				.setAAD(Buffer.from(this.name))
				.setAuthTag(ciphertext.subarray(13, 29));
			return Buffer.concat([decipher.update(ciphertext.subarray(29)), decipher.final()]);
		} catch {
			return undefined;
		}
	}
}

/** The number of the version that a ciphertext names. */
export function versionIn(ciphertext: Uint8Array): number {
	return ciphertext[0] ?? 0;
}
