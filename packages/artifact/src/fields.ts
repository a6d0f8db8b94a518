import { ArtifactError, type ArtifactProblem } from "./artifact-error.js";
import { CANONICAL_BASE64, decodeBase64 } from "./base64.js";

/** A rule for a text field, and how to say that it was broken. */
export interface TextRule {
	readonly accepts: (text: string) => boolean;
	/** Completes "<field> is not …". */
	readonly expected: string;
}

interface FieldProblem {
	readonly kind: ArtifactProblem;
	readonly sentence: string;
}

/** Gravest first: the kind that a body with several problems is reported as. */
const GRAVITY: readonly ArtifactProblem[] = ["missing_fields", "incomplete_envelope", "invalid_shape"];

/** Control characters would let signed fields run into each other; lone surrogates do not survive UTF-8. */
const UNSIGNABLE = /[\p{Cc}\p{Cs}]/u;

/** One JSON object read field by field; broken fields are collected, so that all are reported together. */
export class Fields {
	readonly #record: object;
	readonly #problems: FieldProblem[];
	readonly #prefix: string;
	readonly #kindOfMissing: ArtifactProblem;

	constructor(
		record: object,
		problems: FieldProblem[] = [],
		prefix = "",
		kindOfMissing: ArtifactProblem = "missing_fields",
	) {
		this.#record = record;
		this.#problems = problems;
		this.#prefix = prefix;
		this.#kindOfMissing = kindOfMissing;
	}

	/** The field's own value; `undefined` when it is absent, inherited or null. */
	value(name: string): unknown {
		if (!Object.hasOwn(this.#record, name)) return undefined;
		return (this.#record as Readonly<Record<string, unknown>>)[name] ?? undefined;
	}

	/** A required text that is covered by the signature; `""` when it is refused. */
	signedText(name: string, rule?: TextRule): string {
		const text = this.requiredText(name, rule);
		if (UNSIGNABLE.test(text)) this.refuse(name, "contains a control character or a lone surrogate");
		return text;
	}

	/** A required text that is not covered by the signature; `""` when it is refused. */
	requiredText(name: string, rule?: TextRule): string {
		const value = this.value(name);
		if (value === undefined) this.refuse(name, "is missing", this.#kindOfMissing);
		else if (typeof value !== "string") this.refuse(name, "is not text");
		else if (value === "") this.refuse(name, "is empty");
		else if (rule !== undefined && !rule.accepts(value)) this.refuse(name, `is not ${rule.expected}`);
		else return value;
		return "";
	}

	/** A required text that is canonical base64, with what it stands for, so that nobody decodes it twice. */
	requiredBase64(name: string): { readonly text: string; readonly bytes: Uint8Array } {
		const text = this.requiredText(name);
		const bytes = decodeBase64(text);
		if (bytes !== undefined) return { text, bytes };
		this.refuse(name, `is not ${CANONICAL_BASE64}`);
		return { text: "", bytes: new Uint8Array() };
	}

	/** A text that may be absent, and is taken as it is. */
	optionalText(name: string): string | undefined {
		const value = this.value(name);
		if (value === undefined || typeof value === "string") return value;
		this.refuse(name, "is not text");
		return undefined;
	}

	/** The fields of an object inside this one; `undefined` when it is absent or refused. */
	nested(name: string, kindOfMissing: ArtifactProblem): Fields | undefined {
		const value = this.value(name);
		if (value === undefined) return undefined;
		if (isRecord(value)) return new Fields(value, this.#problems, `${name}.`, kindOfMissing);
		this.refuse(name, "is not an object");
		return undefined;
	}

	/** Records that the field is broken; `complaint` completes "<field> …" and must not quote its value. */
	refuse(name: string, complaint: string, kind: ArtifactProblem = "invalid_shape"): void {
		this.#problems.push({ kind, sentence: `${this.#prefix}${name} ${complaint}` });
	}

	/** Throws `ARTIFACT_MALFORMED` naming every broken field, if there is one. */
	assertSound(): void {
		const kinds = this.#problems.map(({ kind }) => kind);
		const problem = GRAVITY.find((kind) => kinds.includes(kind));
		if (problem === undefined) return;
		const sentences = this.#problems.map(({ sentence }) => sentence).join(", ");
		throw new ArtifactError(
			"ARTIFACT_MALFORMED",
			`The artifact is malformed: ${sentences}; pack it again, or check what the source serves.`,
			{ problem },
		);
	}
}

/** Whether a parsed JSON value is an object, and not a list or null. */
export function isRecord(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
