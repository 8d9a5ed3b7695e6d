// Says what Go's own packages read in what a gateway would send: the reading that many backends act on.
// One question a line on standard input, one answer a line on standard output, both JSON; bytes are base64.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
)

type question struct {
	Kind        string   `json:"kind"`
	Target      []byte   `json:"target"`
	Body        []byte   `json:"body"`
	ContentType string   `json:"content_type"`
	Names       []string `json:"names"`
}

type file struct {
	Field string `json:"field"`
	Name  string `json:"name"`
	Size  int64  `json:"size"`
}

type answer struct {
	Error   string              `json:"error,omitempty"`
	Path    string              `json:"path,omitempty"`
	RawPath string              `json:"raw_path,omitempty"`
	Clean   string              `json:"clean,omitempty"`
	Query   map[string][]string `json:"query,omitempty"`
	Form    map[string]string   `json:"form,omitempty"`
	Files   []file              `json:"files,omitempty"`
	// Keys that a binder which folds case would take for one of the names.
	Folded []string `json:"folded,omitempty"`
	Value  any      `json:"value,omitempty"`
	// What stands one behind the other on a connection.
	Requests []message   `json:"requests,omitempty"`
	Bound    *subscriber `json:"bound,omitempty"`
}

type message struct {
	Method string `json:"method"`
	Target string `json:"target"`
	Host   string `json:"host"`
	Body   []byte `json:"body"`
}

// What a handler binds: encoding/json matches its names whatever their case.
type subscriber struct {
	Email       string         `json:"email"`
	Name        string         `json:"name"`
	Status      string         `json:"status"`
	Lists       []int          `json:"lists"`
	ListUUIDs   []string       `json:"list_uuids"`
	Attribs     map[string]any `json:"attribs"`
	Preconfirm  bool           `json:"preconfirm_subscriptions"`
	SubscriberM string         `json:"subscriber_mode"`
}

func request(q question) (*http.Request, error) {
	var wire bytes.Buffer
	wire.WriteString("POST ")
	wire.Write(q.Target)
	wire.WriteString(" HTTP/1.1\r\nHost: backend.test\r\nConnection: close\r\n")
	if q.ContentType != "" {
		wire.WriteString("Content-Type: " + q.ContentType + "\r\n")
	}
	wire.WriteString("\r\n")
	r, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(q.Body))
	r.ContentLength = int64(len(q.Body))
	return r, nil
}

func folded(keys url.Values, names []string) []string {
	var found []string
	for key := range keys {
		for _, name := range names {
			if key != name && strings.EqualFold(key, name) {
				found = append(found, key)
			}
		}
	}
	return found
}

func target(q question) (answer, error) {
	r, err := request(q)
	if err != nil {
		return answer{}, err
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return answer{}, err
	}
	// r.URL.Query() is what handlers call: it hides every error.
	if len(values) != len(r.URL.Query()) {
		return answer{Error: "two readings of one query"}, nil
	}
	return answer{
		Path: r.URL.Path, RawPath: r.URL.RawPath, Clean: path.Clean(r.URL.Path),
		Query: r.URL.Query(), Folded: folded(values, q.Names),
	}, nil
}

func form(q question) (answer, error) {
	r, err := request(q)
	if err != nil {
		return answer{}, err
	}
	if strings.HasPrefix(q.ContentType, "multipart/") {
		err = r.ParseMultipartForm(1 << 20)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		return answer{}, err
	}
	said := answer{Form: map[string]string{}, Folded: folded(r.Form, q.Names)}
	for key := range r.Form {
		said.Form[key] = r.FormValue(key)
	}
	if r.MultipartForm != nil {
		for field, heads := range r.MultipartForm.File {
			for _, head := range heads {
				said.Files = append(said.Files, file{field, head.Filename, head.Size})
			}
		}
	}
	return said, nil
}

func body(q question) (answer, error) {
	var said answer
	// As Echo does: one value, and whatever follows is not looked at.
	decoder := json.NewDecoder(bytes.NewReader(q.Body))
	decoder.UseNumber()
	if err := decoder.Decode(&said.Value); err != nil {
		return answer{}, err
	}
	if q.Kind == "bind" {
		said.Bound = &subscriber{}
		if err := json.NewDecoder(bytes.NewReader(q.Body)).Decode(said.Bound); err != nil {
			return answer{}, err
		}
	}
	return said, nil
}

// Requests as long as they can be read whole; what is wrong with the next one is told beside them.
func connection(q question) (answer, error) {
	var said answer
	reader := bufio.NewReader(bytes.NewReader(q.Body))
	for len(said.Requests) < 16 {
		// RFC 9112 §2.2: line ends before a request are passed over, and Node does so with halves of one too. Go does not.
		for {
			if next, err := reader.Peek(1); err != nil || (next[0] != '\r' && next[0] != '\n') {
				break
			}
			reader.Discard(1)
		}
		r, err := http.ReadRequest(reader)
		if err == io.EOF {
			return said, nil
		}
		if err != nil {
			said.Error = err.Error()
			return said, nil
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			said.Error = err.Error()
			return said, nil
		}
		said.Requests = append(said.Requests, message{r.Method, r.RequestURI, r.Host, body})
	}
	return said, nil
}

func ask(q question) (answer, error) {
	switch q.Kind {
	case "connection":
		return connection(q)
	case "target":
		return target(q)
	case "form":
		return form(q)
	default:
		return body(q)
	}
}

func main() {
	in := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	lines := json.NewEncoder(out)
	for {
		var q question
		if err := in.Decode(&q); err != nil {
			if err != io.EOF {
				panic(err)
			}
			return
		}
		said, err := ask(q)
		if err != nil {
			said = answer{Error: err.Error()}
		}
		if err := lines.Encode(said); err != nil {
			panic(err)
		}
	}
}
