/** The help's button; its contents are in help.ts, which comes with the dialog. */
export const HELP = { button: 'Help', title: 'Keys and a guided tour (?)' } as const;
