// The build puts the package's own module beside these files.
export { default } from "minisearch";
