/** Names of users: 1 to 200 characters of `[A-Za-z0-9_.@-]`. No colon (RFC 7617 splits there), nothing that needs escaping. */
const userName = /^[A-Za-z0-9_.@-]{1,200}$/

export const isUserName = (text: string): boolean => userName.test(text)
