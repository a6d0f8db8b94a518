import { safeParse } from "valibot";
import { type GivenText, givenText, type ReadFile } from "./given-text.js";
import type { Variable, VariableDescription } from "./variable.js";

/** One pass over an environment: hands out checked values and collects what is wrong with the others. */
export class Reading {
	/** One sentence per mistake. */
	readonly problems: string[] = [];
	/** One sentence per thing that works, but perhaps not as meant. */
	readonly warnings: string[] = [];
	readonly #env: Readonly<Record<string, string | undefined>>;
	readonly #readFile: ReadFile;

	constructor(env: Readonly<Record<string, string | undefined>>, readFile: ReadFile) {
		this.#env = env;
		this.#readFile = readFile;
	}

	/** The checked value; undefined when none is given, or when it is wrong and a problem was noted. */
	value<T>(variable: Variable<T>): T | undefined {
		const given = this.given(variable);
		if (given.kind === "absent") return undefined;
		if (given.kind === "text") return this.check(variable, given.text, given.label);
		this.problems.push(given.problem);
		return undefined;
	}

	/** What was given, unchecked. */
	given(variable: VariableDescription): GivenText {
		return givenText(variable, this.#env, this.#readFile);
	}

	/** The checked value of this text; undefined when a problem was noted. */
	check<T>({ schema }: Variable<T>, text: string, label: string): T | undefined {
		const result = safeParse(schema, text, { abortEarly: true, abortPipeEarly: true });
		if (result.success) return result.output;
		this.problems.push(`${label} ${result.issues[0].message}.`);
		return undefined;
	}

	/** The path that `<name>_FILE` holds; no file is read. */
	filePath({ name, fileAllowed }: VariableDescription): string | undefined {
		return (fileAllowed && this.#env[`${name}_FILE`]) || undefined;
	}

	/** Whether the variable is set to the empty string. */
	isEmpty({ name }: VariableDescription): boolean {
		return this.#env[name] === "";
	}

	/** Whether anything at all is given, right or wrong; no file is read. */
	isGiven(variable: VariableDescription): boolean {
		return Boolean(this.#env[variable.name] || this.filePath(variable));
	}
}
