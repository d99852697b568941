/** Version of the tool as evidence and `--version` name it; a test compares it with the package. */
export const toolVersion = "0.1.0";
