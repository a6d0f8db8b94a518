import { createHash } from "node:crypto";

interface ScriptedValidator {
	readonly etag?: string;
}

type ScriptedResult =
	| { readonly kind: "modified"; readonly bytes: Uint8Array; readonly validator?: ScriptedValidator }
	| { readonly kind: "unmodified" };

/** Answers one read; may throw, or wait for something that the test holds. */
export type ScriptedAnswer = (signal: AbortSignal) => ScriptedResult | Promise<ScriptedResult>;

/** A source in memory with real conditional semantics, whose next answers a test may also dictate. */
export class ScriptedSource {
	readonly type = "http";
	readonly description: string = "https://secrets.example/artifact";
	/** The validator of each read, in order. */
	readonly reads: (ScriptedValidator | undefined)[] = [];
	#bytes: Uint8Array;
	readonly #answers: ScriptedAnswer[] = [];
	#always: ScriptedAnswer | undefined;
	#onChange: (() => void) | undefined;

	constructor(bytes: Uint8Array = new Uint8Array()) {
		this.#bytes = bytes;
	}

	/** Puts another body in place; conditional reads see it as modified. */
	put(bytes: Uint8Array): void {
		this.#bytes = bytes;
	}

	/** Dictates the answer of one coming read, after those already dictated. */
	once(answer: ScriptedAnswer): void {
		this.#answers.push(answer);
	}

	/** Every read fails like this until {@link recover}. */
	failWith(error: Error): void {
		this.#always = () => {
			throw error;
		};
	}

	recover(): void {
		this.#always = undefined;
	}

	/** Tells the watcher, if there is one, that something changed. */
	announceChange(): void {
		this.#onChange?.();
	}

	get watched(): boolean {
		return this.#onChange !== undefined;
	}

	async read(validator: ScriptedValidator | undefined, signal: AbortSignal): Promise<ScriptedResult> {
		this.reads.push(validator);
		const answer = this.#answers.shift() ?? this.#always;
		return answer === undefined ? this.answer(validator) : await answer(signal);
	}

	/** What an honest server says to this validator. */
	answer(validator: ScriptedValidator | undefined): ScriptedResult {
		const etag = createHash("sha256").update(this.#bytes).digest("hex");
		if (validator?.etag === etag) return { kind: "unmodified" };
		return { kind: "modified", bytes: this.#bytes, validator: { etag } };
	}

	watch(onChange: () => void): { close(): void } {
		this.#onChange = onChange;
		return {
			close: () => {
				this.#onChange = undefined;
			},
		};
	}
}

/** A promise and the means to settle it, for answers that a test holds back. */
export function held<T>(): { readonly promise: Promise<T>; readonly settle: (value: T) => void } {
	let settle: (value: T) => void = () => undefined;
	const promise = new Promise<T>((resolve) => {
		settle = resolve;
	});
	return { promise, settle };
}
