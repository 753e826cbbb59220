package personal

// childDir is the variable with the directory that a child process works in.
const childDir = "MUSTER_TEST_PERSONAL_DIR"

func child(string) {}
