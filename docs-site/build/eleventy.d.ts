// The part of Eleventy, which has no types, that the site uses.

declare module "@11ty/eleventy" {
	/** What a build is set up with. */
	export interface Configuration {
		setUseGitIgnore(isUsed: boolean): void;
		setTemplateFormats(formats: readonly string[]): void;
		addGlobalData(name: string, value: unknown): void;
		addFilter(name: string, filter: (...values: never[]) => unknown): void;
		addTemplate(path: string, text: string, data: Readonly<Record<string, unknown>>): void;
		amendLibrary(extension: "md", amend: (markdown: import("./markdown-it.js").MarkdownIt) => void): void;
	}

	/** One build of a site. */
	export class Eleventy {
		constructor(
			input: string,
			output: string,
			options: { quietMode: boolean; configPath: null; config: (configuration: Configuration) => void },
		);
		disableLogger(): void;
		write(): Promise<unknown>;
	}
}
