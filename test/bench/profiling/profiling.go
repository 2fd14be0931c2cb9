// Package profiling profiles a process from its start to its SIGTERM. A benchmark adds it to the functions that it
// profiles, which have no part of it otherwise.
package profiling

import (
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

// Folder is the environment variable that names the folder of the profiles: cpu.pprof and allocs.pprof.
const Folder = "BENCH_PROFILE"

// Start begins to profile where the environment asks for it. It panics where it cannot.
func Start() {
	folder := os.Getenv(Folder)
	if folder == "" {
		return
	}
	processor := create(folder + "/cpu.pprof")
	must(pprof.StartCPUProfile(processor))
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	go func() {
		<-end
		pprof.StopCPUProfile()
		must(processor.Close())
		allocations := create(folder + "/allocs.pprof")
		must(pprof.Lookup("allocs").WriteTo(allocations, 0))
		must(allocations.Close())
		os.Exit(0)
	}()
}

func create(path string) *os.File {
	file, err := os.Create(path)
	must(err)
	return file
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
