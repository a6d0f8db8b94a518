import type { SourceType } from "@clef-sh/core";

/** `clef.source.type` as the contract has it; the three hosts of repositories are one. */
export function sourceKind(type: SourceType): string {
	return type === "github" || type === "gitlab" || type === "bitbucket" ? "vcs" : type;
}
