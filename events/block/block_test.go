package block

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// published is a stream of a real server, and the payloads that were published to it.
type published struct {
	Stream
	t        testing.TB
	js       jetstream.JetStream
	payloads [][]byte
	stop     func()
}

// publishing starts a server with an empty stream.
func publishing(t testing.TB) *published {
	t.Helper()
	dir := t.TempDir()
	s, err := server.NewServer(&server.Options{JetStream: true, StoreDir: dir, DontListen: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server is not ready")
	}
	conn, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	p := &published{t: t, Stream: Stream{filepath.Join(dir, "jetstream", "$G", "streams", "LOG"), "LOG", "log"}}
	p.stop = func() {
		if !stopped {
			stopped = true
			conn.Close()
			s.Shutdown()
			s.WaitForShutdown()
		}
	}
	t.Cleanup(p.stop)
	if p.js, err = jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(100_000)); err != nil {
		t.Fatal(err)
	}
	_, err = p.js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "LOG", Subjects: []string{"log"}, DenyDelete: true, DenyPurge: true, Metadata: map[string]string{"made-by": "the test"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *published) publish(sizes ...int) {
	p.t.Helper()
	for _, size := range sizes {
		payload := bytes.Repeat([]byte{byte(len(p.payloads) + 1)}, size)
		p.payloads = append(p.payloads, payload)
		msg := &nats.Msg{Subject: "log", Data: payload, Header: nats.Header{"Number": {fmt.Sprint(len(p.payloads))}}}
		if _, err := p.js.PublishMsg(p.t.Context(), msg); err != nil {
			p.t.Fatal(err)
		}
	}
}

// read reads the stream from the message on and checks what it reads.
func (p *published) read(from uint64) (last uint64, err error) {
	p.t.Helper()
	r, err := p.Read(from)
	if err != nil {
		return 0, err
	}
	defer func() { _ = r.Close() }()
	for expected := max(from, 1); ; expected++ {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Last(), nil
		}
		if err != nil {
			return r.Last(), err
		}
		if record.Foreign != "" {
			return record.Sequence - 1, &Damage{record.Path, record.Offset, record.Sequence, record.Foreign}
		}
		header, err := nats.DecodeHeadersMsg(record.Header)
		if err != nil {
			p.t.Fatal(err)
		}
		if record.Sequence != expected || header.Get("Number") != fmt.Sprint(expected) || record.Subject != "log" ||
			!bytes.Equal(record.Data, p.payloads[expected-1]) || time.Since(record.Time).Abs() > time.Hour {
			p.t.Fatalf("message %d is read as %d, %q at %s, %d bytes", expected, record.Sequence, record.Header, record.Time, len(record.Data))
		}
	}
}

// The files of the server that is built in are read as they were written, from every
// message on, in several blocks, while the server appends to them and after it has ended.
// If this fails after an upgrade of the server, the layout has changed: see doc.go.
func TestLayout(t *testing.T) {
	p := publishing(t)
	if last, err := p.read(1); last != 0 || err != nil {
		t.Fatalf("an empty stream has %d messages: %v", last, err)
	}
	for range 4 {
		p.publish(0, 10, 1000, 900_000, 900_000, 900_000, 900_000, 900_000)
		if last, err := p.read(1); last != uint64(len(p.payloads)) || err != nil {
			t.Fatalf("%d messages of %d: %v", last, len(p.payloads), err)
		}
	}
	if files, err := p.blocks(); err != nil || len(files) < 2 {
		t.Fatalf("%d blocks: %v", len(files), err)
	}
	p.stop()
	for from := range uint64(len(p.payloads) + 3) {
		if last, err := p.read(from); last != uint64(len(p.payloads)) || err != nil {
			t.Fatalf("from %d: %d messages of %d: %v", from, last, len(p.payloads), err)
		}
	}
	if err := p.CheckHeads(); err != nil {
		t.Error(err)
	}
	if metadata, err := p.Metadata(); err != nil || metadata["made-by"] != "the test" {
		t.Errorf("metadata %v: %v", metadata, err)
	}
	if indexed, err := p.Indexed(); err != nil || !indexed {
		t.Errorf("the index of a server that has ended: %t, %v", indexed, err)
	}
}

// The index counts only if it fits the last block.
func TestIndexed(t *testing.T) {
	p := publishing(t)
	p.publish(100, 100)
	if indexed, err := p.Indexed(); err != nil || indexed {
		t.Errorf("a server that runs: %t, %v", indexed, err)
	}
	p.stop()
	index := filepath.Join(p.Dir, messagesDir, indexFile)
	content := readFile(t, index)
	for i := range content {
		content[i] ^= 1
		writeFile(t, index, content)
		if indexed, err := p.Indexed(); err != nil || indexed {
			t.Fatalf("a bit of byte %d is wrong: %t, %v", i, indexed, err)
		}
		content[i] ^= 1
	}
	writeFile(t, index, content)
	block := filepath.Join(p.Dir, messagesDir, "1.blk")
	writeFile(t, block, append(readFile(t, block), 1))
	if indexed, err := p.Indexed(); err != nil || indexed {
		t.Errorf("a block that has grown: %t, %v", indexed, err)
	}
}

// Wherever a bit is wrong, the reader stops at the record that it is in, and that does not
// pass as a torn end, also not in the last record. Wherever the file ends, it does.
func TestFlippedBits(t *testing.T) {
	p := publishing(t)
	p.publish(0, 1, 100, 1000, 2000, 100)
	p.stop()
	path := filepath.Join(p.Dir, messagesDir, "1.blk")
	content := readFile(t, path)
	var starts []int64
	for r := must(p.Read(1))(t); ; {
		record, err := r.Next()
		if err != nil {
			break
		}
		starts = append(starts, record.Offset)
	}
	random := rand.New(rand.NewPCG(1, 2))
	record := -1
	for at := range content {
		if record+1 < len(starts) && int64(at) == starts[record+1] {
			record++
		}
		bit := byte(1) << random.IntN(8)
		content[at] ^= bit
		writeFile(t, path, content)
		_, err := p.read(1)
		damage, ok := errors.AsType[*Damage](err)
		if !ok || damage.Path != path || damage.Offset != starts[record] || damage.Sequence != uint64(record)+1 {
			t.Fatalf("bit %08b of byte %d, in record %d at %d: %v", bit, at, record+1, starts[record], err)
		}
		torn, err := p.Torn(damage)
		if err != nil || torn {
			t.Fatalf("bit %08b of byte %d, in record %d at %d: torn %t, %v", bit, at, record+1, starts[record], torn, err)
		}
		content[at] ^= bit
	}
	for size := range content {
		writeFile(t, path, content[:size])
		last, err := p.read(1)
		damage, ok := errors.AsType[*Damage](err)
		if whole := size == 0 || last > 0 && int64(size) == starts[last]; whole != (err == nil) {
			t.Fatalf("cut to %d bytes: %v", size, err)
		} else if whole {
			continue
		}
		if torn, err := p.Torn(damage); !ok || err != nil || !torn {
			t.Fatalf("cut to %d bytes: torn %t, %v", size, torn, err)
		}
		if last+1 < uint64(len(starts)) {
			continue
		}
		writeFile(t, path, append(bytes.Clone(content[:size]), make([]byte, 1000)...))
		if _, err = p.read(1); err == nil {
			t.Fatalf("zeros after %d bytes are read", size)
		}
		damage, _ = errors.AsType[*Damage](err)
		if torn, err := p.Torn(damage); err != nil || !torn {
			t.Fatalf("zeros after %d bytes: torn %t, %v", size, torn, err)
		}
	}
}

// Pages reach the disk in any order, so that each page of an unfinished message can be
// missing. That is no damage, unless another message follows.
func TestMissingPages(t *testing.T) {
	p := publishing(t)
	p.publish(1000, 30_000, 3000, 30_000)
	p.stop()
	path := filepath.Join(p.Dir, messagesDir, "1.blk")
	content := readFile(t, path)
	r := must(p.Read(4))(t)
	last := must(r.Next())(t).Offset
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for page := int64(0); page < int64(len(content)); page += pageSize {
		harmed := bytes.Clone(content)
		end := min(page+pageSize, int64(len(content)))
		clear(harmed[min(max(page, last), end):end])
		if end <= last {
			clear(harmed[page:end])
		}
		writeFile(t, path, harmed)
		_, err := p.read(1)
		damage, ok := errors.AsType[*Damage](err)
		if !ok {
			t.Fatalf("page at %d: %v", page, err)
		}
		if torn, err := p.Torn(damage); err != nil || torn != (end > last) {
			t.Errorf("the page at %d is missing, and the last record starts at %d: torn %t, %v", page, last, torn, err)
		}
	}
}

// Blocks that are missing, swapped, empty or of another kind are found, and so is a reader
// that starts behind them not led astray.
func TestDamagedBlocks(t *testing.T) {
	whole := publishing(t)
	for range 25 {
		whole.publish(900_000)
	}
	whole.stop()
	for _, test := range []struct {
		name  string
		harm  func(t *testing.T, dir string)
		place string // the file that the error names
		heads bool   // the heads of the blocks tell
	}{
		{"the first block is gone", func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "1.blk")) }, "2.blk", true},
		{"a block is gone", func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "2.blk")) }, "3.blk", true},
		{"two blocks are swapped", func(t *testing.T, dir string) {
			one, two := readFile(t, filepath.Join(dir, "1.blk")), readFile(t, filepath.Join(dir, "2.blk"))
			writeFile(t, filepath.Join(dir, "1.blk"), two)
			writeFile(t, filepath.Join(dir, "2.blk"), one)
		}, "1.blk", true},
		{"a block is empty", func(t *testing.T, dir string) { writeFile(t, filepath.Join(dir, "2.blk"), nil) }, "", true},
		{"a block is compressed", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "2.blk")
			writeFile(t, path, append([]byte("cmp\x01"), readFile(t, path)...))
		}, "2.blk", true},
		{"a block ends early", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "2.blk")
			content := readFile(t, path)
			writeFile(t, path, content[:len(content)-1])
		}, "2.blk", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := *whole
			p.t, p.Dir = t, t.TempDir()
			if err := os.CopyFS(p.Dir, os.DirFS(whole.Dir)); err != nil {
				t.Fatal(err)
			}
			test.harm(t, filepath.Join(p.Dir, messagesDir))
			_, err := p.read(1)
			damage, ok := errors.AsType[*Damage](err)
			if !ok || test.place != "" && filepath.Base(damage.Path) != test.place {
				t.Errorf("%v", err)
			}
			if torn, err := p.Torn(damage); torn || err != nil {
				t.Errorf("torn %t, %v", torn, err)
			}
			if err := p.CheckHeads(); (err != nil) != test.heads {
				t.Errorf("heads: %v", err)
			}
			if r, err := p.Read(math.MaxUint64); err == nil && r.Last() != 25 {
				t.Errorf("the last message is %d", r.Last())
			}
		})
	}
}

// An encrypted stream is refused.
func TestEncrypted(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, encryptionKey), nil)
	if _, err := (Stream{Dir: dir}).Read(1); !errors.Is(err, ErrEncrypted) {
		t.Error(err)
	}
}

// BenchmarkRead measures how fast blocks are checked.
func BenchmarkRead(b *testing.B) {
	for _, size := range []int{500, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			p := publishing(b)
			for written := 0; written < 30_000_000; written += size {
				if _, err := p.js.PublishAsync("log", make([]byte, size)); err != nil {
					b.Fatal(err)
				}
			}
			<-p.js.PublishAsyncComplete()
			p.stop()
			bytes, err := p.Size()
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(bytes)
			for b.Loop() {
				r := must(p.Read(1))(b)
				for {
					if _, err := r.Next(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	return must(os.ReadFile(path))(t)
}

func writeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
