// recorder.c - drives REAL processes against the REAL kernel's hugetlb code, one command a line.
//
// usage: recorder [-b FOLDER] [-f] [-t MS] < script     (root only)
//        recorder -c FOLDER PID NR OC                   cleans up after a recorder that was killed
//
// Every emulated process is a real process.  `P fork C` is a real fork(2) of P, done with
// CLONE_PARENT so that the controller reaps all of them and sees how each one died.
// The end of the input is the signal to clean up: it comes also when the program that drives this one is killed.
#define _GNU_SOURCE
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/file.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <linux/falloc.h>
#include <linux/userfaultfd.h>

#define HP (2UL << 20)
#define SYSH "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define MAXP 64
#define MAXM 512
#define MAXSHM 256
#define MAXPFN 65536
#define MAXMOUNT 64
#define MAXCG 64
#define NOFD (1 << 28)
#define MSG 4000
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

// ---- state shared by controller and all emulated processes
struct shm_name { char name[24]; int id; };
struct shared {
  volatile long progress[MAXP];
  int sock[MAXP];  // the processes' ends: a program started by exec needs them for its children
  struct shm_name shm[MAXSHM];
  int nshm;
  // normalised page identities (pfn -> small number), filled by `pages`
  uint64_t pfn[MAXPFN];
  int npfn;
};
static struct shared *G;
static int gfd = -1;  // the memory behind G, kept open over exec

// ---- per emulated process state: plain memory, so a fork copies it
struct map { char name[24]; char *addr; size_t len; };
struct fde { char name[24]; int fd; };
static struct map maps[MAXM];
static struct fde fds[MAXM];
static int nmaps, nfds;
static int me, catching;
static sigjmp_buf jb;
static volatile int jb_on;
static volatile int sig_code;
static int sock[MAXP][2];
static char base[256] = "./mnt";
static char cgdir[300];
static int uffd = -1;

static const char *ename(int e) {
  static char b[24];
  switch (e) {
#define E(x) case x: return #x;
    E(ENOMEM) E(EINVAL) E(ENOSPC) E(EFAULT) E(EACCES) E(EPERM) E(ENOENT) E(EEXIST) E(EBADF) E(EBUSY)
    E(EIO) E(EAGAIN) E(EOPNOTSUPP) E(ENODEV) E(ENXIO) E(EIDRM) E(EINTR) E(ENOSYS) E(EFBIG) E(EHWPOISON)
    E(ENOTEMPTY) E(EDQUOT) E(E2BIG) E(ESRCH) E(EXDEV) E(ENOTDIR) E(EISDIR) E(ETXTBSY) E(ERANGE)
#undef E
  }
  snprintf(b, sizeof b, "E%d", e);
  return b;
}
static const char *sname(int s) {
  static char b[24];
  switch (s) {
    case SIGBUS: return "SIGBUS";
    case SIGKILL: return "SIGKILL";
    case SIGSEGV: return "SIGSEGV";
    case SIGTERM: return "SIGTERM";
    case SIGABRT: return "SIGABRT";
  }
  snprintf(b, sizeof b, "SIG%d", s);
  return b;
}

static long rdl(const char *path) {
  char b[64];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = read(fd, b, sizeof b - 1);
  close(fd);
  if (n <= 0) return -1;
  b[n] = 0;
  if (!strncmp(b, "max", 3)) return -2;
  return (long)strtoull(b, 0, 10);  // an underflowed unsigned counter shows as a negative number
}
static int wrs(const char *path, const char *s) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  ssize_t n = write(fd, s, strlen(s));
  int e = n < 0 ? errno : 0;
  close(fd);
  return -e;
}

// ================= child side =================
static void on_sig(int s, siginfo_t *si, void *u) {
  (void)u;
  sig_code = si->si_code;
  if (jb_on) siglongjmp(jb, s);
  signal(s, SIG_DFL);
  raise(s);
}
static void set_catch(int on) {
  struct sigaction a = {0};
  if (on) { a.sa_sigaction = on_sig; a.sa_flags = SA_SIGINFO | SA_NODEFER; }
  else a.sa_handler = SIG_DFL;
  sigaction(SIGBUS, &a, 0);
  sigaction(SIGSEGV, &a, 0);
  catching = on;
}
static struct map *getmap(const char *n) {
  for (int i = 0; i < nmaps; i++) if (!strcmp(maps[i].name, n)) return &maps[i];
  return 0;
}
static void setmap(const char *n, void *a, size_t len) {
  struct map *m = getmap(n);
  if (!m) { if (nmaps == MAXM) return; m = &maps[nmaps++]; snprintf(m->name, sizeof m->name, "%s", n); }
  m->addr = a; m->len = len;
}
static int getfd(const char *n) {
  for (int i = 0; i < nfds; i++) if (!strcmp(fds[i].name, n)) return fds[i].fd;
  return -1;
}
static void setfd(const char *n, int fd) {
  for (int i = 0; i < nfds; i++) if (!strcmp(fds[i].name, n)) { fds[i].fd = fd; return; }
  if (nfds == MAXM) return;
  snprintf(fds[nfds].name, sizeof fds[0].name, "%s", n);
  fds[nfds++].fd = fd;
}
// number with unit: plain = huge pages, k = KiB, b = bytes
static long units(const char *s) {
  char *e; long v = strtol(s, &e, 10);
  if (*e == 'k') return v * 1024;
  if (*e == 'b') return v;
  return v * (long)HP;
}
// "NAME+N" -> address
static char *where(const char *s) {
  char n[64]; snprintf(n, sizeof n, "%s", s);
  char *p = strchr(n, '+'); long off = 0;
  if (p) { off = units(p + 1); *p = 0; }
  struct map *m = getmap(n);
  return m ? m->addr + off : (char *)-1;
}
static void reply(const char *f, ...) {
  char b[MSG]; va_list ap;
  va_start(ap, f); vsnprintf(b, sizeof b, f, ap); va_end(ap);
  if (write(sock[me][1], b, strlen(b)) < 0) _exit(99);
}
static unsigned long nodemask(const char *s) {  // "0", "0,2", "0-1"
  unsigned long m = 0;
  while (*s) {
    char *e; long a = strtol(s, &e, 10), b = a;
    if (e == s) break;
    if (*e == '-') b = strtol(e + 1, &e, 10);
    for (; a <= b; a++) m |= 1UL << a;
    s = *e == ',' ? e + 1 : e;
  }
  return m;
}
static int polmode(const char *s) {
  if (!strcmp(s, "default")) return 0;
  if (!strcmp(s, "pref")) return 1;
  if (!strcmp(s, "bind")) return 2;
  if (!strcmp(s, "inter")) return 3;
  if (!strcmp(s, "local")) return 4;
  if (!strcmp(s, "prefmany")) return 5;
  return -1;
}
static int madvno(const char *s) {
  static const struct { const char *n; int v; } t[] = {
    {"dontneed", MADV_DONTNEED}, {"remove", MADV_REMOVE}, {"dontfork", MADV_DONTFORK}, {"dofork", MADV_DOFORK},
    {"populate_read", MADV_POPULATE_READ}, {"populate_write", MADV_POPULATE_WRITE}, {"free", MADV_FREE},
    {"wipeonfork", MADV_WIPEONFORK}, {"dontneed_locked", MADV_DONTNEED_LOCKED}, {"willneed", MADV_WILLNEED},
    {"hugepage", MADV_HUGEPAGE}, {"nohugepage", MADV_NOHUGEPAGE}, {"mergeable", MADV_MERGEABLE},
    {"cold", MADV_COLD}, {"pageout", MADV_PAGEOUT}, {"collapse", MADV_COLLAPSE}};
  for (unsigned i = 0; i < sizeof t / sizeof *t; i++) if (!strcmp(t[i].n, s)) return t[i].v;
  return -1;
}
static int pfn_id(uint64_t pfn) {
  for (int i = 0; i < G->npfn; i++) if (G->pfn[i] == pfn) return i;
  if (G->npfn == MAXPFN) return -1;
  G->pfn[G->npfn] = pfn;
  return G->npfn++;
}

#define RES(expr) do { long _r = (long)(expr); if (_r == -1) reply("%s", ename(errno)); else reply("ok"); } while (0)

static void child_loop(void);

static void do_touch(int ac, char **av, int write_) {
  struct map *m = getmap(av[1]);
  if (!m || ac < 3) { reply("?badmap"); return; }
  char *e; long a = strtol(av[2], &e, 10), b = a;
  if (e[0] == '.' && e[1] == '.') b = strtol(e + 2, 0, 10);
  int val = ac > 3 ? atoi(av[3]) : 1;
  char out[MSG]; int n = 0;
  out[0] = 0;
  G->progress[me] = a;
  if (catching) {
    int s = sigsetjmp(jb, 1);
    if (s) { jb_on = 0; reply("%s(code=%d) at page %ld", sname(s), sig_code, G->progress[me]); return; }
    jb_on = 1;
  }
  for (long i = a; i <= b; i++) {
    G->progress[me] = i;
    volatile int *p = (volatile int *)(m->addr + i * (long)HP);
    if (write_) *p = val;
    else { int v = *p; if (n < MSG - 40) n += sprintf(out + n, "%s%d", n ? "," : "", v); }
  }
  jb_on = 0;
  G->progress[me] = -1;
  if (write_) reply("ok"); else reply("ok val=%s", out);
}

// place every mapping with unmapped huge pages after it, 1G-spread, so that nothing merges by accident
static char *place(long len) {
  static char *next = (char *)0x200000000000UL;
  char *at = next;
  next += (len + (1L << 30) - 1) / (1L << 30) * (1L << 30) + (1L << 30);
  return at;
}

static void child_cmd(char *line) {
  char *av[40] = {0}; int ac = 0;
  for (char *t = strtok(line, " \t"); t && ac < 40; t = strtok(0, " \t")) av[ac++] = t;
  const char *c = av[0];
  static const struct { const char *n; int min; } need[] = {  // commands whose first argument names a mapping
    {"r", 3}, {"w", 3}, {"munmap", 2}, {"mprotect", 5}, {"mlock", 4}, {"munlock", 4}, {"msync", 2}, {"madvise", 5},
    {"mremap", 6}, {"shmdt", 2}, {"pages", 2}, {"vmas", 2}, {"smaps", 2}, {"kread", 3}, {"kwrite", 3}, {"mbind", 5},
    {"move", 4}, {"uffd", 4}, {"uffdcopy", 3}, {"uffdzero", 3}, {"mincore", 2}};
  static const struct { const char *n; int min; } needf[] = {  // ... names a file descriptor
    {"close", 2}, {"trunc", 3}, {"falloc", 4}, {"punch", 4}, {"fadvise", 5}, {"readahead", 4}, {"fstat", 2}, {"pread", 3}, {"pwrite", 3}};
  for (unsigned i = 0; i < sizeof need / sizeof *need; i++)
    if (!strcmp(need[i].n, c) && (ac < need[i].min || !getmap(av[1]))) { reply("?bad mapping or arguments"); return; }
  for (unsigned i = 0; i < sizeof needf / sizeof *needf; i++)
    if (!strcmp(needf[i].n, c) && (ac < needf[i].min || getfd(av[1]) < 0)) { reply("?bad fd or arguments"); return; }
  if (!strcmp(c, "catch")) { set_catch(ac > 1 ? strcmp(av[1], "off") != 0 : 1); reply("ok"); return; }
  if (!strcmp(c, "r")) { do_touch(ac, av, 0); return; }
  if (!strcmp(c, "w")) { do_touch(ac, av, 1); return; }
  if (!strcmp(c, "open")) {  // open F MOUNT/file [ro] [excl] [trunc] [nocreat]
    char p[600]; int fl = O_RDWR | O_CREAT;
    snprintf(p, sizeof p, "%s/%s", base, av[2]);
    for (int i = 3; i < ac; i++) {
      if (!strcmp(av[i], "ro")) fl = (fl & ~O_ACCMODE) | O_RDONLY;
      if (!strcmp(av[i], "excl")) fl |= O_EXCL;
      if (!strcmp(av[i], "trunc")) fl |= O_TRUNC;
      if (!strcmp(av[i], "nocreat")) fl &= ~O_CREAT;
    }
    int fd = open(p, fl, 0644);
    if (fd < 0) { reply("%s", ename(errno)); return; }
    setfd(av[1], fd); reply("ok"); return;
  }
  if (!strcmp(c, "memfd")) {  // memfd F   (memfd_create(MFD_HUGETLB))
    int fd = syscall(SYS_memfd_create, "recorder", 0x4u);
    if (fd < 0) { reply("%s", ename(errno)); return; }
    setfd(av[1], fd); reply("ok"); return;
  }
  if (!strcmp(c, "close")) {  // the number may come back as another file: from now on the name stands for none
    int fd = getfd(av[1]); setfd(av[1], NOFD);
    RES(close(fd)); return; }
  if (!strcmp(c, "unlink")) { char p[600]; snprintf(p, sizeof p, "%s/%s", base, av[1]); RES(unlink(p)); return; }
  if (!strcmp(c, "trunc")) { RES(ftruncate(getfd(av[1]), units(av[2]))); return; }
  if (!strcmp(c, "falloc")) {  // falloc F off len [keep]
    RES(fallocate(getfd(av[1]), ac > 4 ? FALLOC_FL_KEEP_SIZE : 0, units(av[2]), units(av[3]))); return; }
  if (!strcmp(c, "punch")) {
    RES(fallocate(getfd(av[1]), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, units(av[2]), units(av[3]))); return; }
  if (!strcmp(c, "fadvise")) {  // fadvise F off len willneed|dontneed
    int e = posix_fadvise(getfd(av[1]), units(av[2]), units(av[3]),
                          !strcmp(av[4], "dontneed") ? POSIX_FADV_DONTNEED : POSIX_FADV_WILLNEED);
    reply("%s", e ? ename(e) : "ok"); return; }
  if (!strcmp(c, "readahead")) { RES(readahead(getfd(av[1]), units(av[2]), units(av[3]))); return; }
  if (!strcmp(c, "fstat")) {
    struct stat st;
    if (fstat(getfd(av[1]), &st)) { reply("%s", ename(errno)); return; }
    reply("ok size=%ld blocks=%ld nlink=%ld", (long)(st.st_size / (long)HP), (long)(st.st_blocks * 512 / (long)HP), (long)st.st_nlink); return; }
  if (!strcmp(c, "pread")) {  // pread F off
    int v = -1; ssize_t n = pread(getfd(av[1]), &v, sizeof v, units(av[2]));
    if (n < 0) reply("%s", ename(errno)); else reply("ok n=%zd val=%d", n, v);
    return; }
  if (!strcmp(c, "pwrite")) { int v = 1; RES(pwrite(getfd(av[1]), &v, sizeof v, units(av[2]))); return; }
  if (!strcmp(c, "mmap")) {
    // mmap NAME LEN priv|shared [fd=F] [off=N] [noreserve] [ro|none] [populate] [at=M+N] [locked]
    int prot = PROT_READ | PROT_WRITE, fl = 0, fd = -1; off_t off = 0; char *at = 0;
    long len = units(av[2]);
    fl |= !strcmp(av[3], "shared") ? MAP_SHARED : MAP_PRIVATE;
    int anon = 1;
    for (int i = 4; i < ac; i++) {
      if (!strncmp(av[i], "fd=", 3)) { fd = getfd(av[i] + 3); anon = 0; }
      else if (!strncmp(av[i], "off=", 4)) off = units(av[i] + 4);
      else if (!strcmp(av[i], "noreserve")) fl |= MAP_NORESERVE;
      else if (!strcmp(av[i], "ro")) prot = PROT_READ;
      else if (!strcmp(av[i], "none")) prot = PROT_NONE;
      else if (!strcmp(av[i], "populate")) fl |= MAP_POPULATE;
      else if (!strcmp(av[i], "locked")) fl |= MAP_LOCKED;
      else if (!strncmp(av[i], "at=", 3)) { at = where(av[i] + 3); fl |= MAP_FIXED; }
      else { reply("?badopt %s", av[i]); return; }
    }
    if (anon) fl |= MAP_ANONYMOUS | MAP_HUGETLB;
    if (!at && len > 0) {
      at = place(len);
    }
    char *p = mmap(at, len, prot, fl, fd, off);
    if (p == MAP_FAILED) { reply("%s", ename(errno)); return; }
    setmap(av[1], p, len); reply("ok"); return;
  }
  if (!strcmp(c, "name")) {  // name NEW M+N LEN : give a second name to a range
    setmap(av[1], where(av[2]), units(av[3])); reply("ok"); return; }
  if (!strcmp(c, "munmap")) {  // munmap M [first count]
    struct map *m = getmap(av[1]);
    if (!m) { reply("?badmap"); return; }
    if (ac > 3) RES(munmap(m->addr + units(av[2]), units(av[3])));
    else RES(munmap(m->addr, m->len));
    return;
  }
  if (!strcmp(c, "mprotect")) {
    struct map *m = getmap(av[1]);
    int pr = !strcmp(av[4], "rw") ? PROT_READ | PROT_WRITE : !strcmp(av[4], "r") ? PROT_READ : PROT_NONE;
    RES(mprotect(m->addr + units(av[2]), units(av[3]), pr)); return; }
  if (!strcmp(c, "mlock")) { struct map *m = getmap(av[1]); RES(mlock(m->addr + units(av[2]), units(av[3]))); return; }
  if (!strcmp(c, "munlock")) { struct map *m = getmap(av[1]); RES(munlock(m->addr + units(av[2]), units(av[3]))); return; }
  if (!strcmp(c, "msync")) { struct map *m = getmap(av[1]); RES(msync(m->addr, m->len, MS_SYNC)); return; }
  if (!strcmp(c, "madvise")) {  // madvise M first count ADVICE
    struct map *m = getmap(av[1]); int a = madvno(av[4]);
    if (a < 0) { reply("?badadvice"); return; }
    RES(madvise(m->addr + units(av[2]), units(av[3]), a)); return; }
  if (!strcmp(c, "mremap")) {  // mremap M first oldcount newcount NEWNAME [maymove] [dontunmap] [at=X+N]
    struct map *m = getmap(av[1]); int fl = 0; char *at = 0;
    for (int i = 6; i < ac; i++) {
      if (!strcmp(av[i], "maymove")) fl |= MREMAP_MAYMOVE;
      else if (!strcmp(av[i], "dontunmap")) fl |= MREMAP_DONTUNMAP | MREMAP_MAYMOVE;
      else if (!strncmp(av[i], "at=", 3)) { at = where(av[i] + 3); fl |= MREMAP_FIXED | MREMAP_MAYMOVE; }
    }
    char *p = mremap(m->addr + units(av[2]), units(av[3]), units(av[4]), fl, at);
    if (p == MAP_FAILED) { reply("%s", ename(errno)); return; }
    setmap(av[5], p, units(av[4])); reply("ok"); return; }
  if (!strcmp(c, "shmget")) {  // shmget S len [noreserve]
    int fl = IPC_CREAT | 0600 | SHM_HUGETLB;
    if (ac > 3 && !strcmp(av[3], "noreserve")) fl |= SHM_NORESERVE;
    if (G->nshm == MAXSHM) { reply("?too many segments"); return; }
    int id = shmget(IPC_PRIVATE, units(av[2]), fl);
    if (id < 0) { reply("%s", ename(errno)); return; }
    for (int i = 0; i < G->nshm; i++) if (!strcmp(G->shm[i].name, av[1])) G->shm[i].name[0] = 0;  // the name means the newest
    snprintf(G->shm[G->nshm].name, 24, "%s", av[1]); G->shm[G->nshm++].id = id;
    char p[400]; snprintf(p, sizeof p, "%s/.shm-%d", base, id); mkdir(p, 0700);  // for whoever cleans up, should the controller be killed
    reply("ok"); return; }
  if (!strcmp(c, "shmat") || !strcmp(c, "shmrm")) {
    int at = c[3] == 'a'; const char *n = at ? av[2] : av[1]; int id = -1;
    for (int i = 0; i < G->nshm; i++) if (!strcmp(G->shm[i].name, n)) id = G->shm[i].id;
    if (!at) { RES(shmctl(id, IPC_RMID, 0)); return; }
    struct shmid_ds ds; size_t l = 0; if (!shmctl(id, IPC_STAT, &ds)) l = ds.shm_segsz;
    char *p = shmat(id, place(l), ac > 3 && !strcmp(av[3], "ro") ? SHM_RDONLY : 0);
    if (p == (char *)-1) { reply("%s", ename(errno)); return; }
    setmap(av[1], p, l); reply("ok"); return; }
  if (!strcmp(c, "shmdt")) { struct map *m = getmap(av[1]); RES(shmdt(m->addr)); return; }
  if (!strcmp(c, "fork")) {  // (controller appends the new index)
    int idx = atoi(av[2]);
    long pid = syscall(SYS_clone, (unsigned long)(CLONE_PARENT | SIGCHLD), 0, 0, 0, 0);
    if (pid < 0) { reply("%s", ename(errno)); return; }
    if (pid == 0) { me = idx; prctl(PR_SET_PDEATHSIG, SIGKILL); child_loop(); _exit(0); }
    reply("ok pid=%ld", pid); return; }
  if (!strcmp(c, "exec")) {
    char i1[16], i2[16], i3[16];
    for (int i = 0; i < MAXP; i++) fcntl(sock[i][1], F_SETFD, 0);
    fcntl(gfd, F_SETFD, 0);
    snprintf(i1, 16, "%d", me); snprintf(i2, 16, "%d", sock[me][1]); snprintf(i3, 16, "%d", gfd);
    char *nav[] = {"recorder", "--child", i1, i2, base, i3, cgdir, 0};
    execv("/proc/self/exe", nav);
    reply("%s", ename(errno)); return; }
  if (!strcmp(c, "exit")) _exit(ac > 1 ? atoi(av[1]) : 0);
  if (!strcmp(c, "pages")) {
    // what this process has mapped now: letter = identity of the physical page ('.' none);
    // suffix @n = its node, when there is more than one node
    struct map *m = getmap(av[1]); char out[MSG]; int n = 0;
    int pm = open("/proc/self/pagemap", O_RDONLY);
    int multi = access("/sys/devices/system/node/node1", F_OK) == 0;
    out[0] = 0;
    for (size_t i = 0; i < m->len / HP && n < MSG - 40; i++) {
      uint64_t e = 0;
      if (pread(pm, &e, 8, (off_t)((uintptr_t)(m->addr + i * HP) / 4096 * 8)) != 8) e = 0;
      if (!(e >> 63)) { n += sprintf(out + n, "%s.", i ? " " : ""); continue; }
      n += sprintf(out + n, "%sp%d", i ? " " : "", pfn_id(e & ((1ULL << 55) - 1)));
      if (multi) {
        void *pg = m->addr + i * HP; int st = -1;
        syscall(SYS_move_pages, 0, 1UL, &pg, NULL, &st, 0);
        n += sprintf(out + n, "@%d", st);
      }
    }
    close(pm); reply("ok [%s]", out); return; }
  if (!strcmp(c, "vmas")) {  // the VMAs that lie in a named range, in huge pages relative to it
    struct map *m = getmap(av[1]); FILE *f = fopen("/proc/self/maps", "r"); char l[600], out[MSG]; int n = 0; out[0] = 0;
    while (fgets(l, sizeof l, f)) {
      unsigned long a, b; char pr[8];
      if (sscanf(l, "%lx-%lx %7s", &a, &b, pr) != 3) continue;
      if (b <= (unsigned long)m->addr || a >= (unsigned long)m->addr + m->len) continue;
      if (n < MSG - 60) n += sprintf(out + n, "%s[%ld,%ld)%s", n ? " " : "", ((long)a - (long)m->addr) / (long)HP, ((long)b - (long)m->addr) / (long)HP, pr);
    }
    fclose(f); reply("ok %s", out); return; }
  if (!strcmp(c, "smaps")) {
    struct map *m = getmap(av[1]); FILE *f = fopen("/proc/self/smaps", "r"); char l[600]; int in = 0; long ph = 0, sh = 0, k;
    while (fgets(l, sizeof l, f)) {
      unsigned long a, b; char pr[8];
      if (sscanf(l, "%lx-%lx %7s", &a, &b, pr) == 3 && strchr(l, '-') < l + 17) in = !(b <= (unsigned long)m->addr || a >= (unsigned long)m->addr + m->len);
      if (in && sscanf(l, "Shared_Hugetlb: %ld", &k) == 1) sh += k;
      if (in && sscanf(l, "Private_Hugetlb: %ld", &k) == 1) ph += k;
    }
    fclose(f); reply("ok private=%ld shared=%ld", ph / 2048, sh / 2048); return; }
  if (!strcmp(c, "status")) {
    FILE *f = fopen("/proc/self/status", "r"); char l[300]; long k = -1;
    while (fgets(l, sizeof l, f)) if (sscanf(l, "HugetlbPages: %ld", &k) == 1) break;
    fclose(f); reply("ok HugetlbPages=%ld", k / 2048); return; }
  if (!strcmp(c, "kread") || !strcmp(c, "kwrite")) {
    // the kernel itself touches the page (copy_to/from_user through a pipe): EFAULT instead of a signal
    struct map *m = getmap(av[1]); int p[2]; long i = atol(av[2]); ssize_t n; int v = ac > 3 ? atoi(av[3]) : 1;
    if (pipe(p)) { reply("?pipe"); return; }
    if (c[1] == 'r') n = write(p[1], m->addr + i * (long)HP, 4);
    else { if (write(p[1], &v, 4) != 4) {} n = read(p[0], m->addr + i * (long)HP, 4); }
    int e = errno; close(p[0]); close(p[1]);
    reply("%s", n < 0 ? ename(e) : "ok"); return; }
  if (!strcmp(c, "mbind")) {  // mbind M first count MODE NODES [move] [strict]
    struct map *m = getmap(av[1]); unsigned long nm = ac > 5 ? nodemask(av[5]) : 0; unsigned fl = 0;
    for (int i = 6; i < ac; i++) { if (!strcmp(av[i], "move")) fl |= 2; if (!strcmp(av[i], "strict")) fl |= 1; }
    RES(syscall(SYS_mbind, m->addr + units(av[2]), units(av[3]), polmode(av[4]), nm ? &nm : NULL, nm ? 65UL : 0UL, fl)); return; }
  if (!strcmp(c, "mempolicy")) {
    unsigned long nm = ac > 2 ? nodemask(av[2]) : 0;
    RES(syscall(SYS_set_mempolicy, polmode(av[1]), nm ? &nm : NULL, nm ? 65UL : 0UL)); return; }
  if (!strcmp(c, "move")) {  // move M page node : migrate one huge page
    struct map *m = getmap(av[1]); void *pg = m->addr + atol(av[2]) * (long)HP; int nd = atoi(av[3]), st = -999;
    long r = syscall(SYS_move_pages, 0, 1UL, &pg, &nd, &st, 2);
    if (r < 0) reply("%s", ename(errno)); else reply("ok r=%ld status=%d%s%s", r, st, st < 0 ? " " : "", st < 0 ? ename(-st) : ""); return; }
  if (!strcmp(c, "cpu")) { cpu_set_t s; CPU_ZERO(&s); CPU_SET(atoi(av[1]), &s); RES(sched_setaffinity(0, sizeof s, &s)); return; }
  if (!strcmp(c, "pool")) { int e = wrs("/proc/sys/vm/nr_hugepages_mempolicy", av[1]); reply("%s", e ? ename(-e) : "ok"); return; }
  if (!strcmp(c, "cg")) {  // join cgroup
    char p[800]; snprintf(p, sizeof p, "%s/%s/cgroup.procs", cgdir, av[1]); int e = wrs(p, "0"); reply("%s", e ? ename(-e) : "ok"); return; }
  if (!strcmp(c, "uffd")) {  // uffd M first count missing
    struct map *m = getmap(av[1]);
    if (uffd < 0) {
      uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
      if (uffd < 0) { reply("%s", ename(errno)); return; }
      struct uffdio_api a = {.api = UFFD_API}; if (ioctl(uffd, UFFDIO_API, &a)) { reply("api %s", ename(errno)); return; }
    }
    struct uffdio_register r = {.range = {(unsigned long)m->addr + units(av[2]), units(av[3])}, .mode = UFFDIO_REGISTER_MODE_MISSING};
    RES(ioctl(uffd, UFFDIO_REGISTER, &r)); return; }
  if (!strcmp(c, "uffdcopy")) {  // uffdcopy M page val : install a page with UFFDIO_COPY
    struct map *m = getmap(av[1]);
    char *src = mmap(0, HP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); 
    for (unsigned long i = 0; i < HP; i += 4096) src[i] = 1;  // a page that is not there yet would make the kernel allocate twice
    *(int *)src = ac > 3 ? atoi(av[3]) : 1;
    struct uffdio_copy cp = {.dst = (unsigned long)m->addr + units(av[2]), .src = (unsigned long)src, .len = HP};
    int r = ioctl(uffd, UFFDIO_COPY, &cp), e = errno; munmap(src, HP);
    reply("%s", r ? ename(e) : "ok"); return; }
  if (!strcmp(c, "uffdzero")) {  // uffdzero M page : UFFDIO_ZEROPAGE
    struct map *m = getmap(av[1]);
    struct uffdio_zeropage z = {.range = {(unsigned long)m->addr + units(av[2]), HP}};
    RES(ioctl(uffd, UFFDIO_ZEROPAGE, &z)); return; }
  if (!strcmp(c, "mincore")) {
    struct map *m = getmap(av[1]); static unsigned char v[512 * 512]; char out[MSG]; int n = 0; out[0] = 0;
    if (mincore(m->addr, m->len, v)) { reply("%s", ename(errno)); return; }
    for (size_t i = 0; i < m->len / HP && n < MSG - 4; i++) n += sprintf(out + n, "%d", v[i * 512] & 1);
    reply("ok %s", out); return; }
  reply("?unknown command %s", c);
}
static void child_loop(void) {
  char b[MSG];
  for (;;) {
    ssize_t n = read(sock[me][1], b, sizeof b - 1);
    if (n <= 0) _exit(0);
    b[n] = 0;
    child_cmd(b);
  }
}

// ================= controller side =================
struct proc { char name[24]; pid_t pid; int pidfd; int alive; char death[40]; };
static struct proc P[MAXP];
static int np;
static char mounts[MAXMOUNT][64]; static int nmounts;
static int patience = 20000;
static int cg_ok, cg_restore; static char cgroot[200], cgname[64];
static char cgs[MAXCG][64]; static int ncgs;
static int nnodes;

static void describe(int st, char *o, size_t n) {
  if (WIFEXITED(st)) snprintf(o, n, "exited %d", WEXITSTATUS(st));
  else snprintf(o, n, "killed by %s", sname(WTERMSIG(st)));
}
static int reap(struct proc *p, int block) {
  int st;
  if (!p->alive) return 1;
  pid_t r = waitpid(p->pid, &st, (block ? 0 : WNOHANG) | __WALL);
  if (r == p->pid) { p->alive = 0; describe(st, p->death, sizeof p->death); close(p->pidfd); return 1; }
  return 0;
}
static void counters(void) {
  printf(" | nr=%ld free=%ld resv=%ld surp=%ld oc=%ld", rdl(SYSH "nr_hugepages"), rdl(SYSH "free_hugepages"),
         rdl(SYSH "resv_hugepages"), rdl(SYSH "surplus_hugepages"), rdl(SYSH "nr_overcommit_hugepages"));
  for (int i = 0; i < nnodes; i++) {
    char p[200], q[300]; long v[3]; static const char *k[] = {"nr", "free", "surplus"};
    snprintf(p, sizeof p, "/sys/devices/system/node/node%d/hugepages/hugepages-2048kB", i);
    for (int j = 0; j < 3; j++) { snprintf(q, sizeof q, "%s/%s_hugepages", p, k[j]); v[j] = rdl(q); }
    printf(" | n%d=%ld/%ld/%ld", i, v[0], v[1], v[2]);
  }
  for (int i = 0; i < nmounts; i++) {
    char p[400]; struct statfs s;
    snprintf(p, sizeof p, "%s/%s", base, mounts[i]);
    if (!statfs(p, &s)) printf(" | %s=%ld/%ld", mounts[i], (long)s.f_blocks, (long)s.f_bfree);
  }
  if (cg_ok) {
    for (int i = 0; i < ncgs; i++) {
      char p[700]; long c, r;
      snprintf(p, sizeof p, "%s/%s/hugetlb.2MB.current", cgdir, cgs[i]); c = rdl(p);
      snprintf(p, sizeof p, "%s/%s/hugetlb.2MB.rsvd.current", cgdir, cgs[i]); r = rdl(p);
      printf(" | cg%s%s=%ld/%ld", *cgs[i] ? ":" : "", cgs[i], c < 0 ? c : c / (long)HP, r < 0 ? r : r / (long)HP);
    }
  }
  printf("\n");
}
static void cg_setup(void) {
  static const char *cand[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified", 0};
  for (int i = 0; cand[i]; i++) {
    char p[300], b[300] = ""; snprintf(p, sizeof p, "%s/cgroup.controllers", cand[i]);
    int fd = open(p, O_RDONLY); if (fd < 0) continue;
    ssize_t n = read(fd, b, sizeof b - 1); close(fd);
    if (n <= 0 || !strstr(b, "hugetlb")) continue;
    snprintf(cgroot, sizeof cgroot, "%s", cand[i]);
    char q[300], sb[300] = ""; snprintf(q, sizeof q, "%s/cgroup.subtree_control", cgroot);
    fd = open(q, O_RDONLY); if (fd >= 0) { n = read(fd, sb, sizeof sb - 1); close(fd); }
    if (!strstr(sb, "hugetlb")) { if (wrs(q, "+hugetlb")) continue; cg_restore = 1; }
    if (strstr(b, "cpuset") && !strstr(sb, "cpuset")) wrs(q, "+cpuset");
    snprintf(cgname, sizeof cgname, "hugesim.%d", (int)getpid());
    snprintf(cgdir, sizeof cgdir, "%s/%s", cgroot, cgname);
    if (mkdir(cgdir, 0755)) continue;
    cg_ok = 1; strcpy(cgs[0], ""); ncgs = 1;
    return;
  }
}
static void cg_enable_sub(void) {
  char q[400]; snprintf(q, sizeof q, "%s/cgroup.subtree_control", cgdir);
  wrs(q, "+hugetlb"); wrs(q, "+cpuset");
}
static void cg_cleanup(void) {
  if (!cg_ok) return;
  for (int i = ncgs - 1; i >= 0; i--) { char p[700]; snprintf(p, sizeof p, "%s/%s", cgdir, cgs[i]);
    for (int k = 0; k < 1000 && rmdir(p) && errno == EBUSY; k++) usleep(1000); }
  if (cg_restore) { char q[300]; snprintf(q, sizeof q, "%s/cgroup.subtree_control", cgroot); wrs(q, "-hugetlb"); }
}
static struct proc *find(const char *n) {
  for (int i = 0; i < np; i++) if (!strcmp(P[i].name, n)) return &P[i];
  return 0;
}

static struct proc *spawn(const char *name) {
  struct proc *p = &P[np]; int idx = np;
  if (np == MAXP) return 0;
  fflush(stdout);
  pid_t pid = fork();
  if (pid < 0) return 0;
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGTERM, SIG_DFL); signal(SIGHUP, SIG_DFL); signal(SIGINT, SIG_DFL); signal(SIGPIPE, SIG_DFL);
    if (cg_ok) { char q[600]; snprintf(q, sizeof q, "%s/cgroup.procs", cgdir);
      // once the top cgroup has controllers enabled for children, processes live in its "leaf" child
      if (ncgs > 1) snprintf(q, sizeof q, "%s/leaf/cgroup.procs", cgdir);
      wrs(q, "0"); }
    me = idx; child_loop(); _exit(0);
  }
  snprintf(p->name, sizeof p->name, "%s", name);
  p->pid = pid; p->alive = 1; p->pidfd = syscall(SYS_pidfd_open, pid, 0); np++;
  return p;
}
// send a command to a process; fill out with its reply or how it died
static void ask(struct proc *p, const char *cmd, char *out, size_t n) {
  int i = p - P; 
  if (!p->alive) { snprintf(out, n, "(%s is dead: %s)", p->name, p->death); return; }
  G->progress[i] = -1;
  if (write(sock[i][0], cmd, strlen(cmd)) < 0) { snprintf(out, n, "?write %s", ename(errno)); return; }
  struct pollfd f[2] = {{sock[i][0], POLLIN, 0}, {p->pidfd, POLLIN, 0}};
  int r = poll(f, 2, patience);
  if (r <= 0) { kill(p->pid, SIGKILL); reap(p, 1); snprintf(out, n, "TIMEOUT"); return; }
  if (f[0].revents & POLLIN) {
    ssize_t k = read(sock[i][0], out, n - 1);
    out[k < 0 ? 0 : k] = 0; return;
  }
  reap(p, 1);
  if (G->progress[i] >= 0) snprintf(out, n, "%s at page %ld", p->death, G->progress[i]);
  else snprintf(out, n, "%s", p->death);
}
static void umount_all(void) {
  for (int i = nmounts - 1; i >= 0; i--) {
    char p[400]; snprintf(p, sizeof p, "%s/%s", base, mounts[i]);
    if (umount(p)) umount2(p, MNT_DETACH);
    rmdir(p);
  }
  nmounts = 0;
}

// the folders that were mounted on, and those that name segments: rmdir refuses the rest
static void remove_folders(const char *folder) {
  DIR *d = opendir(folder); struct dirent *e; char p[700];
  while (d && (e = readdir(d))) if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) {
    if (!strncmp(e->d_name, ".shm-", 5)) shmctl(atoi(e->d_name + 5), IPC_RMID, 0);
    snprintf(p, sizeof p, "%s/%s", folder, e->d_name); rmdir(p);
  }
  if (d) closedir(d);
  rmdir(folder);
}

static int force;
static long found_nr, found_oc;
static void put_back(void) {
  char v[40];
  snprintf(v, sizeof v, "%ld", found_oc); wrs("/proc/sys/vm/nr_overcommit_hugepages", v);
  snprintf(v, sizeof v, "%ld", found_nr); wrs("/proc/sys/vm/nr_hugepages", v);
}

// Kernels leak reservations on some paths, and a pool with a leaked reservation can never be emptied. The opposite leak of the same
// kernel puts it right: one of these raises resv by one, the other lowers it by one.
static void raise_resv(void) {  // mremap of part of a private mapping: the rest loses its reserve map
  char *at = (char *)0x300000000000UL;
  char *p = mmap(at, 3 * HP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0);
  if (p == MAP_FAILED) return;
  *(volatile int *)p = 1;
  char *q = mremap(p + HP, HP, HP, MREMAP_MAYMOVE | MREMAP_FIXED, at + 16 * HP);
  if (q != MAP_FAILED) { *(volatile int *)q = 1; *(volatile int *)(p + 2 * HP) = 1; munmap(q, HP); }
  munmap(p, 3 * HP);
}
// mmap that fails for lack of pages: on a mount with size and min_size (6.18), or while the reserve of min_size is in use (up to 6.12)
static void fail_mmap(int in_use) {
  char p[300], o[100], f[320]; long room = rdl(SYSH "nr_hugepages");
  snprintf(p, sizeof p, "%s/repair", base); mkdir(p, 0755);
  if (in_use) snprintf(o, sizeof o, "pagesize=2M,min_size=%ld", (long)HP);
  else snprintf(o, sizeof o, "pagesize=2M,size=%ld,min_size=%ld", (room + 16) * (long)HP, (long)HP);
  if (!mount("none", p, "hugetlbfs", 0, o)) {
    snprintf(f, sizeof f, "%s/x", p); int fd = open(f, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *u = in_use ? mmap(0, HP, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    void *m = mmap(0, (room + 8) * HP, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (m != MAP_FAILED) munmap(m, (room + 8) * HP);
    if (u != MAP_FAILED) munmap(u, HP);
    close(fd); unlink(f); umount(p);
  }
  rmdir(p);
}
static void lower_resv(void) {
  long was = rdl(SYSH "resv_hugepages");
  fail_mmap(0);
  if (rdl(SYSH "resv_hugepages") == was) fail_mmap(1);
}
static void repair(void) {
  long was = rdl(SYSH "resv_hugepages"), now = was, before = 0; char v[40];
  if (was == 0 || force || rdl(SYSH "nr_hugepages") != rdl(SYSH "free_hugepages") || was > 64 || was < -64) return;
  wrs("/proc/sys/vm/nr_overcommit_hugepages", "0");
  snprintf(v, sizeof v, "%ld", (was > 0 ? was : 0) + 8); wrs("/proc/sys/vm/nr_hugepages", v);
  for (int i = 0; i < 200 && now != 0 && (i < 2 || now != before); i++) {
    before = now;
    pid_t pid = fork();
    if (!pid) { if (now < 0) raise_resv(); else lower_resv(); _exit(0); }
    if (pid > 0) waitpid(pid, 0, 0);
    now = rdl(SYSH "resv_hugepages");
  }
  wrs("/proc/sys/vm/nr_hugepages", "0");
  printf("= repair: resv was %ld, is %ld\n", was, now);
}

static int run(FILE *in) {
  char line[MSG], orig[MSG]; int rc = 0;
  int lock = open(SYSH, O_RDONLY | O_CLOEXEC);
  if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB)) { printf("FATAL: another recorder is using the pool\n"); return 1; }
  gfd = syscall(SYS_memfd_create, "recorder-state", 1u);
  if (gfd < 0 || ftruncate(gfd, sizeof *G)) { printf("FATAL: memfd %s\n", ename(errno)); return 1; }
  G = mmap(0, sizeof *G, PROT_READ | PROT_WRITE, MAP_SHARED, gfd, 0);
  for (int i = 0; i < MAXP; i++) if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock[i])) { printf("FATAL: socketpair %s\n", ename(errno)); return 1; }
  for (int i = 0; i < MAXP; i++) G->sock[i] = sock[i][1];
  mkdir(base, 0755);
  for (nnodes = 0; nnodes < 16; nnodes++) { char p[100]; snprintf(p, sizeof p, "/sys/devices/system/node/node%d/hugepages", nnodes); if (access(p, F_OK)) break; }
  found_nr = rdl(SYSH "nr_hugepages"); found_oc = rdl(SYSH "nr_overcommit_hugepages");
  if (!force && (found_nr != 0 || found_oc != 0)) { printf("FATAL: the pool is in use\n"); return 1; }
  if (!force && rdl(SYSH "resv_hugepages")) {  // an empty pool has no reservations: they were leaked before
    repair();
    if (rdl(SYSH "resv_hugepages")) { printf("FATAL: the kernel has leaked %ld reservations, which could not be repaired\n", rdl(SYSH "resv_hugepages")); return 1; }
  }
  if (nnodes > 1) {  // what is not placed is on node 0
    cpu_set_t first; CPU_ZERO(&first); CPU_SET(0, &first); sched_setaffinity(0, sizeof first, &first);
  }
  if (nnodes > 1 && !force) {  // the round robin over the nodes, of pages taken and given back, begins at node 0 as after a boot
    const char *n0 = "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages";
    wrs(n0, "1"); wrs(n0, "0");
  }
  cg_setup();
  while (fgets(line, sizeof line, in)) {
    line[strcspn(line, "\r\n")] = 0;
    char *s = line; while (*s == ' ' || *s == '\t') s++;
    if (!*s) continue;
    if (*s == '#') { printf("%s\n", s); continue; }
    snprintf(orig, sizeof orig, "%s", s);
    char *cm = strstr(orig, " #"); if (cm) { *cm = 0; while (cm > orig && cm[-1] == ' ') *--cm = 0; }
    char buf[MSG], out[MSG] = ""; snprintf(buf, sizeof buf, "%s", orig);
    char *av[20]; int ac = 0;
    for (char *t = strtok(buf, " \t"); t && ac < 20; t = strtok(0, " \t")) av[ac++] = t;
    if (!strcmp(av[0], "pool")) { int e = wrs("/proc/sys/vm/nr_hugepages", av[1]); snprintf(out, sizeof out, "%s", e ? ename(-e) : "ok"); }
    else if (!strcmp(av[0], "nodepool")) { char p[200]; snprintf(p, sizeof p, "/sys/devices/system/node/node%s/hugepages/hugepages-2048kB/nr_hugepages", av[1]); int e = wrs(p, av[2]); snprintf(out, sizeof out, "%s", e ? ename(-e) : "ok"); }
    else if (!strcmp(av[0], "overcommit")) { int e = wrs("/proc/sys/vm/nr_overcommit_hugepages", av[1]); snprintf(out, sizeof out, "%s", e ? ename(-e) : "ok"); }
    else if (!strcmp(av[0], "mount") || !strcmp(av[0], "remount")) {  // mount NAME [size=N] [min_size=N] : N huge pages or bytes-with-suffix or percent
      char p[400], o[400] = "pagesize=2M"; int rem = av[0][0] == 'r';
      snprintf(p, sizeof p, "%s/%s", base, av[1]);
      for (int i = 2; i < ac; i++) {
        char *eq = strchr(av[i], '='); char t[200]; char *e;
        if (!eq) { snprintf(t, sizeof t, ",%s", av[i]); }
        else { long v = strtol(eq + 1, &e, 10);
          if (!*e && (!strncmp(av[i], "size=", 5) || !strncmp(av[i], "min_size=", 9))) { *eq = 0; snprintf(t, sizeof t, ",%s=%ld", av[i], v * (long)HP); }
          else snprintf(t, sizeof t, ",%s", av[i]); }
        if (strlen(o) + strlen(t) < sizeof o) strcat(o, t);
      }
      mkdir(p, 0755);
      if (nmounts == MAXMOUNT) snprintf(out, sizeof out, "?too many mounts");
      else if (mount("none", p, "hugetlbfs", rem ? MS_REMOUNT : 0, o)) { snprintf(out, sizeof out, "%s", ename(errno)); rmdir(p); }  // of what is mounted: EBUSY
      else { if (!rem) snprintf(mounts[nmounts++], 64, "%s", av[1]); snprintf(out, sizeof out, "ok"); }
    } else if (!strcmp(av[0], "umount")) {  // umount NAME [lazy]
      char p[400]; snprintf(p, sizeof p, "%s/%s", base, av[1]);
      if (ac > 2 ? umount2(p, MNT_DETACH) : umount(p)) snprintf(out, sizeof out, "%s", ename(errno));
      else { rmdir(p); for (int i = 0; i < nmounts; i++) if (!strcmp(mounts[i], av[1])) { memmove(mounts[i], mounts[i + 1], (nmounts - i - 1) * 64); nmounts--; break; } snprintf(out, sizeof out, "ok"); }
    } else if (!strcmp(av[0], "proc")) { struct proc *p = spawn(av[1]); if (p) ask(p, "status", out, sizeof out); snprintf(out, sizeof out, p ? "ok" : "?spawn"); }
    else if (!strcmp(av[0], "cgnew")) {  // cgnew NAME (child cgroup of the oracle's; the first one moves everybody to "leaf")
      if (!cg_ok) snprintf(out, sizeof out, "?nocgroup");
      else {
        char p[700];
        if (ncgs == 1) { snprintf(p, sizeof p, "%s/leaf", cgdir); mkdir(p, 0755); strcpy(cgs[ncgs++], "leaf");
          strcat(p, "/cgroup.procs");
          for (int i = 0; i < np; i++) if (P[i].alive) { char t[20]; snprintf(t, 20, "%d", P[i].pid); wrs(p, t); }
          cg_enable_sub(); }
        snprintf(p, sizeof p, "%s/%s", cgdir, av[1]);
        if (ncgs == MAXCG) snprintf(out, sizeof out, "?too many cgroups");
        else if (mkdir(p, 0755)) snprintf(out, sizeof out, "%s", ename(errno)); else { snprintf(cgs[ncgs++], 64, "%s", av[1]); snprintf(out, sizeof out, "ok"); }
      }
    } else if (!strcmp(av[0], "cgset")) {  // cgset NAME FILE VALUE (VALUE in huge pages for hugetlb.* files)
      char p[800], v[64]; const char *n = !strcmp(av[1], ".") ? "" : av[1];
      snprintf(p, sizeof p, "%s/%s/%s", cgdir, n, av[2]);
      if (!strncmp(av[2], "hugetlb.", 8) && strcmp(av[3], "max")) snprintf(v, sizeof v, "%ld", atol(av[3]) * (long)HP); else snprintf(v, sizeof v, "%s", av[3]);
      int e = wrs(p, v); snprintf(out, sizeof out, "%s", e ? ename(-e) : "ok");
    } else if (!strcmp(av[0], "cgget")) {  // cgget NAME FILE
      char p[800], v[300] = ""; const char *n = !strcmp(av[1], ".") ? "" : av[1];
      snprintf(p, sizeof p, "%s/%s/%s", cgdir, n, av[2]); int fd = open(p, O_RDONLY); ssize_t k = fd < 0 ? -1 : read(fd, v, sizeof v - 1); if (fd >= 0) close(fd);
      for (ssize_t i = 0; i < k; i++) if (v[i] == '\n') v[i] = ' ';
      snprintf(out, sizeof out, k < 0 ? "?" : "ok %s", v);
    } else if (!strcmp(av[0], "cgrm")) {
      char p[700]; snprintf(p, sizeof p, "%s/%s", cgdir, av[1]); int r = rmdir(p);
      if (r) snprintf(out, sizeof out, "%s", ename(errno)); else { for (int i = 0; i < ncgs; i++) if (!strcmp(cgs[i], av[1])) { memmove(cgs[i], cgs[i + 1], (ncgs - i - 1) * 64); ncgs--; break; } snprintf(out, sizeof out, "ok"); }
    } else if (!strcmp(av[0], "sleep")) { usleep(atoi(av[1]) * 1000); snprintf(out, sizeof out, "ok"); }
    else if (!strcmp(av[0], "counters")) snprintf(out, sizeof out, "ok");
    else {
      struct proc *p = find(av[0]);
      if (!p || ac < 2) { printf("> %s\n< ?no such process or command\n", orig); rc = 2; continue; }
      if (!strcmp(av[1], "fork")) {
        char c[200]; if (np == MAXP || find(av[2])) { printf("> %s\n< ?name in use\n", orig); rc = 2; continue; }
        snprintf(c, sizeof c, "fork %s %d", av[2], np); ask(p, c, out, sizeof out);
        char *q = strstr(out, "pid=");
        if (q) { struct proc *n = &P[np++]; snprintf(n->name, sizeof n->name, "%s", av[2]); n->pid = atoi(q + 4); n->alive = 1;
          n->pidfd = syscall(SYS_pidfd_open, n->pid, 0); strcpy(out, "ok");
          char t[MSG]; ask(n, "status", t, sizeof t); }
      } else if (!strcmp(av[1], "kill")) {
        int sg = ac > 2 ? atoi(av[2]) : SIGKILL;
        if (!p->alive) snprintf(out, sizeof out, "(dead)");
        else { kill(p->pid, sg); reap(p, 1); snprintf(out, sizeof out, "%s", p->death); }
      } else { char *rest = orig + strlen(av[0]); while (*rest == ' ') rest++; ask(p, rest, out, sizeof out); }
    }
    printf("> %s\n< %s", orig, out);
    for (int i = 0; i < np; i++) if (P[i].alive && reap(&P[i], 0)) printf(" ! %s %s", P[i].name, P[i].death);
    counters(); fflush(stdout);
    if (strchr(out, '?') == out) rc = 2;
  }
  // tear down: everything but the pool, then look for leaks
  for (int i = 0; i < np; i++) if (P[i].alive) { kill(P[i].pid, SIGKILL); reap(&P[i], 1); }
  for (int i = 0; i < G->nshm; i++) shmctl(G->shm[i].id, IPC_RMID, 0);
  umount_all();
  long nr = 0, fr = 0, rs = 0, sp = 0;
  for (int k = 0; k < 50; k++) {
    nr = rdl(SYSH "nr_hugepages"); fr = rdl(SYSH "free_hugepages"); rs = rdl(SYSH "resv_hugepages"); sp = rdl(SYSH "surplus_hugepages");
    if (nr == fr && rs == 0 && sp == 0) break;
    usleep(1000);
  }
  printf("= end (all processes killed, shm removed, unmounted)%s", nr == fr && rs == 0 && sp == 0 ? "" : " LEAK?");
  counters();
  put_back();
  long left = rdl(SYSH "nr_hugepages");
  if (left > found_nr) printf("= pool could not be emptied: nr=%ld\n", left);
  repair();
  put_back();
  cg_cleanup();
  remove_folders(base);
  fflush(stdout);
  return rc;
}

// What a recorder that was killed has left behind. Its processes have died with it.
static int clean(const char *folder, const char *pid, const char *nr, const char *oc) {
  char l[1200], p[600]; FILE *f = fopen("/proc/self/mounts", "r");
  while (f && fgets(l, sizeof l, f)) {
    if (sscanf(l, "%*s %599s", p) == 1 && !strncmp(p, folder, strlen(folder)) && p[strlen(folder)] == '/') { umount2(p, MNT_DETACH); rmdir(p); }
  }
  if (f) fclose(f);
  remove_folders(folder);
  found_nr = atol(nr); found_oc = atol(oc);
  snprintf(base, sizeof base, "%s", folder);
  for (int i = 0; i < 2; i++) {
    snprintf(p, sizeof p, "%s/hugesim.%s", i ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup", pid);
    DIR *d = opendir(p); struct dirent *e;
    while (d && (e = readdir(d))) if (e->d_type == DT_DIR && e->d_name[0] != '.') { char q[900]; snprintf(q, sizeof q, "%s/%s", p, e->d_name); rmdir(q); }
    if (d) closedir(d);
    rmdir(p);
  }
  put_back();
  for (int k = 0; k < 1000 && rdl(SYSH "resv_hugepages"); k++) usleep(1000);  // the processes may still be dying
  if (found_nr == 0) { mkdir(base, 0755); repair(); put_back(); rmdir(base); }
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 6 && !strcmp(argv[1], "--child")) {
    me = atoi(argv[2]); sock[me][1] = atoi(argv[3]); snprintf(base, sizeof base, "%s", argv[4]); gfd = atoi(argv[5]); snprintf(cgdir, sizeof cgdir, "%s", argv[6]);
    G = mmap(0, sizeof *G, PROT_READ | PROT_WRITE, MAP_SHARED, gfd, 0);
    for (int i = 0; i < MAXP; i++) sock[i][1] = G->sock[i];
    reply("ok"); child_loop(); }
  if (argc == 6 && !strcmp(argv[1], "-c")) return clean(argv[2], argv[3], argv[4], argv[5]);
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "-f")) force = 1;
    if (!strcmp(argv[i], "-b") && i + 1 < argc) snprintf(base, sizeof base, "%s", argv[++i]);
    else if (!strcmp(argv[i], "-t") && i + 1 < argc) patience = atoi(argv[++i]);
  }
  setsid();  // a Ctrl-C at the terminal is for the program that drives this one
  signal(SIGPIPE, SIG_IGN); signal(SIGTERM, SIG_IGN); signal(SIGHUP, SIG_IGN); signal(SIGINT, SIG_IGN);
  setvbuf(stdout, 0, _IOLBF, 0);
  return run(stdin);
}
