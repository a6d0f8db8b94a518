// The part of markdown-it, which comes with Eleventy and without types, that the site uses.

/** One piece of a parsed page. */
export interface Token {
	readonly type: string;
	readonly tag: string;
	content: string;
	readonly children: readonly Token[] | null;
	attrs: [string, string][] | null;
	attrGet(name: string): string | null;
	attrSet(name: string, value: string): void;
}

/** Writes one token as HTML. */
export type Rule = (
	tokens: readonly Token[],
	index: number,
	options: unknown,
	env: unknown,
	renderer: unknown,
) => string;

/** The parser and renderer. */
export interface MarkdownIt {
	set(options: {
		html: boolean;
		linkify: boolean;
		typographer: boolean;
		highlight: (code: string, language: string) => string;
	}): void;
	readonly core: {
		readonly ruler: {
			push(name: string, rule: (state: { tokens: readonly Token[]; env: unknown }) => void): void;
		};
	};
	readonly renderer: { readonly rules: Record<string, Rule | undefined> };
}
