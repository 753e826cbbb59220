package native

// The examples of checkpoints and proofs. They are real: a test checks them. Answers of the
// service cannot be examples, because every installation has another key.
const (
	exampleVerifiers = "muster/019cc043-a7e5-4c21-b0d4-6f2e9a1c8b53/0+9c9fa8bf+AUvq3isjNDC5cYuqzs8P4FHLIqILbXmlqfxa2HOI4vc8\n" +
		"muster/019cc043-a7e5-4c21-b0d4-6f2e9a1c8b53/1+8c7dd12f+AUvq3isjNDC5cYuqzs8P4FHLIqILbXmlqfxa2HOI4vc8\n" +
		"muster/019cc043-a7e5-4c21-b0d4-6f2e9a1c8b53/2+988720a9+AUvq3isjNDC5cYuqzs8P4FHLIqILbXmlqfxa2HOI4vc8\n" +
		"muster/019cc043-a7e5-4c21-b0d4-6f2e9a1c8b53/3+dc47bf4b+AUvq3isjNDC5cYuqzs8P4FHLIqILbXmlqfxa2HOI4vc8\n"

	exampleRoot = "8MZAHK9nadD9Ge1htnPTABKwg3veIQB5ArnIp7XNpP0="

	exampleOrigin = "muster/019cc043-a7e5-4c21-b0d4-6f2e9a1c8b53/3"

	exampleCheckpoint = exampleOrigin + "\n6\n" + exampleRoot + "\n\n" +
		"— " + exampleOrigin + " 3Ee/SwmkXZAT5tZOidCgCMiluOv86PwTRADMy03seFEJ3I5HiEXt7lTnGUvKhUY9xLzeS+y/qLigPX4jAu62ly7JKQU=\n"

	exampleHashes = "O/nIHCMcrnC2eNPzA4+fT21rnXrc+bN48lkZrlPRdoY=\nTEt3/j/Gz7kuTTyQta3kLwWaHxEqSYJ/B+27e9RUDns=\n"

	exampleProof = "c2sp.org/tlog-proof@v1\nindex 4\n" + exampleHashes + "\n" + exampleCheckpoint

	exampleStored = `{"specversion":"1.0","id":"01KHQ3M6Z8V2N4T7X9B1C3D5F7","source":"/organizations/019cc043-a7e5-7c21-b0d4-6f2e9a1c8b53",` +
		`"type":"muster.workspace.archived","subject":"workspaces/019cc043-af91-783e-9927-3daab1cd9277","time":"2026-03-05T23:09:47.281Z",` +
		`"datacontenttype":"application/json","sequence":"3-5","organizationid":"019cc043-a7e5-7c21-b0d4-6f2e9a1c8b53",` +
		`"workspaceid":"019cc043-af91-783e-9927-3daab1cd9277","authtype":"token","authid":"root",` +
		`"commandid":"019cc043-c3d4-7e2f-a1b0-4c5d6e7f8091","schema":1,"data":{}}`
)
