/* Marks in the source of a manual patch: `stent create --target FILE --manual fix.c -- FLAGS`.
 *
 * A manual patch is an ordinary C or C++ file that holds the fixed function under a name of its own. The marks stand
 * at file scope, once for each name; they put text into a section that no program loads. Names are symbols: in C++
 * either declare what is marked extern "C", or write the mangled name.
 *
 *   int fixed(int n) { return limit(n) + hits; }
 *   STENT_REPLACE_IN(fixed, "check", "net.c")     fixed() replaces the static function check of net.c
 *   extern int hits;
 *   STENT_BIND_IN(hits, "hits", "net.c")          hits is the static variable of that file
 *
 * Whatever else the file refers to is found as the linker would find it. What the file defines and a replacement
 * needs comes along. Documented in docs/manual-patches.md.
 */
#ifndef STENT_PATCH_H
#define STENT_PATCH_H

/* `function` of this file replaces the target's function `symbol`; with `file` where several files have one. */
#define STENT_REPLACE(function, symbol) STENT_MARK_("replace", #function, symbol, "")
#define STENT_REPLACE_IN(function, symbol, file) STENT_MARK_("replace", #function, symbol, file)

/* `name`, which this file declares and does not define, is the target's `symbol`: static, hidden, protected or
 * global, function or variable. */
#define STENT_BIND(name, symbol) STENT_MARK_("bind", #name, symbol, "")
#define STENT_BIND_IN(name, symbol, file) STENT_MARK_("bind", #name, symbol, file)

#define STENT_MARK_(kind, name, symbol, file)                                                               \
  __asm__(".pushsection .stent.marks,\"\",@progbits\n\t.asciz \"" kind "\"\n\t.asciz \"" name               \
          "\"\n\t.asciz \"" symbol "\"\n\t.asciz \"" file "\"\n\t.popsection\n");

#ifdef __cplusplus
#define STENT_EXTERN_C extern "C"
#else
#define STENT_EXTERN_C
#endif

/* Hooks: functions of the patch that are called in the target. Use as
 *
 *   STENT_PRE_APPLY(sessions_are_idle) { return active_sessions != 0; }
 *
 * They run on a borrowed thread of the target, on a stack of 252 KiB, while the other threads run; see
 * docs/patch-authors.md for what they may do. Each may be called more than once for one change.
 *
 *   STENT_PRE_APPLY    before the functions are switched; non-zero: the patch is not applied
 *   STENT_POST_APPLY   after the switch; non-zero is reported
 *   STENT_PRE_REVERT   before a revert; non-zero: the patch stays
 *   STENT_POST_REVERT  after the functions were switched back; non-zero is reported */
#define STENT_HOOK(kind, name)                                                  \
  STENT_EXTERN_C __attribute__((used, noinline)) int stent_##kind##_##name(void); \
  STENT_EXTERN_C __attribute__((used, noinline)) int stent_##kind##_##name(void)
#define STENT_PRE_APPLY(name) STENT_HOOK(pre_apply, name)
#define STENT_POST_APPLY(name) STENT_HOOK(post_apply, name)
#define STENT_PRE_REVERT(name) STENT_HOOK(pre_revert, name)
#define STENT_POST_REVERT(name) STENT_HOOK(post_revert, name)

#endif
