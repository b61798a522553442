; pipeline: function(swallow-refcount-pairs)

; What follows `up` gives `down`: nothing is counted, and nothing freed.
define void @plain(ptr %x) {
; CHECK-LABEL: define void @plain(
; CHECK-NEXT: entry:
; CHECK-NEXT: br label %on
; CHECK-NOT: dealloc
; CHECK: ret void
entry:
  %c = load i64, ptr %x, !swallow.memory !0
  %c1 = add i64 %c, 1
  store i64 %c1, ptr %x, !swallow.memory !0
  %d = load i64, ptr %x, !swallow.memory !0
  %d1 = sub i64 %d, 1
  store i64 %d1, ptr %x, !swallow.memory !0
  %dead = icmp eq i64 %d1, 0
  br i1 %dead, label %free, label %on
free:
  call void @dealloc(ptr %x)
  br label %on
on:
  ret void
}

; An exit between finds the count that it would have found.
define void @exit_between(ptr %x, i1 %fine) {
; CHECK-LABEL: define void @exit_between(
; CHECK-NEXT: entry:
; CHECK-NEXT: br i1 %fine, label %next, label %counted
; CHECK: next:
; CHECK-NEXT: br label %on
; CHECK: counted:
; CHECK-NEXT: [[COUNT:%.*]] = load i64, ptr %x
; CHECK-NEXT: [[MORE:%.*]] = add i64 [[COUNT]], 1
; CHECK-NEXT: store i64 [[MORE]], ptr %x
; CHECK-NEXT: br label %exit
; CHECK: exit:
; CHECK-NEXT: @llvm.experimental.patchpoint
; CHECK: on:
; CHECK-NEXT: ret void
entry:
  %c = load i64, ptr %x, !swallow.memory !0
  %c1 = add i64 %c, 1
  store i64 %c1, ptr %x, !swallow.memory !0
  br i1 %fine, label %next, label %exit
next:
  %d = load i64, ptr %x, !swallow.memory !0
  %d1 = sub i64 %d, 1
  store i64 %d1, ptr %x, !swallow.memory !0
  %dead = icmp eq i64 %d1, 0
  br i1 %dead, label %free, label %on
exit:
  %t = call i64 (i64, i32, ptr, i32, ...) @llvm.experimental.patchpoint.i64(i64 0, i32 13, ptr null, i32 0, ptr %x)
  ret void
free:
  call void @dealloc(ptr %x)
  br label %on
on:
  ret void
}

; Items that change places: four updates, two of them on what is read again behind a store to an item.
define void @swap(ptr %list, i64 %i, i64 %j, i1 %fine) {
; CHECK-LABEL: define void @swap(
; CHECK-NOT: load i64
; CHECK: counted:
; CHECK-NEXT: load i64, ptr %b
; CHECK: exit:
; CHECK-NOT: load i64
; CHECK: on2:
; CHECK-NEXT: ret void
entry:
  %items.at = getelementptr i8, ptr %list, i64 24
  %items = load ptr, ptr %items.at, !swallow.memory !2
  %pi = getelementptr ptr, ptr %items, i64 %i
  %a = load ptr, ptr %pi, !swallow.memory !1
  %items.1 = load ptr, ptr %items.at, !swallow.memory !2
  %pj = getelementptr ptr, ptr %items.1, i64 %j
  %b = load ptr, ptr %pj, !swallow.memory !1
  %ca = load i64, ptr %a, !swallow.memory !0
  %ca1 = add i64 %ca, 1
  store i64 %ca1, ptr %a, !swallow.memory !0
  %cb = load i64, ptr %b, !swallow.memory !0
  %cb1 = add i64 %cb, 1
  store i64 %cb1, ptr %b, !swallow.memory !0
  %items.2 = load ptr, ptr %items.at, !swallow.memory !2
  %pi.2 = getelementptr ptr, ptr %items.2, i64 %i
  %old = load ptr, ptr %pi.2, !swallow.memory !1
  store ptr %b, ptr %pi.2, !swallow.memory !1
  %d = load i64, ptr %old, !swallow.memory !0
  %d1 = sub i64 %d, 1
  store i64 %d1, ptr %old, !swallow.memory !0
  %dead = icmp eq i64 %d1, 0
  br i1 %dead, label %free, label %on
free:
  call void @dealloc(ptr %old)
  br label %on
on:
  br i1 %fine, label %go, label %exit
exit:
  %t = call i64 (i64, i32, ptr, i32, ...) @llvm.experimental.patchpoint.i64(i64 0, i32 13, ptr null, i32 0, ptr %list)
  ret void
go:
  %items.3 = load ptr, ptr %items.at, !swallow.memory !2
  %pj.2 = getelementptr ptr, ptr %items.3, i64 %j
  %old2 = load ptr, ptr %pj.2, !swallow.memory !1
  store ptr %a, ptr %pj.2, !swallow.memory !1
  %e = load i64, ptr %old2, !swallow.memory !0
  %e1 = sub i64 %e, 1
  store i64 %e1, ptr %old2, !swallow.memory !0
  %dead2 = icmp eq i64 %e1, 0
  br i1 %dead2, label %free2, label %on2
free2:
  call void @dealloc(ptr %old2)
  br label %on2
on2:
  ret void
}

; Other memory and words of ours may be written; not so that the same place is read again.
define void @other_memory(ptr %x, ptr %y, ptr %counter) {
; CHECK-LABEL: define void @other_memory(
; CHECK-NOT: i64 %c, 1
; CHECK: add i64 %b, 1
; CHECK: sub i64
; CHECK: ret void
entry:
  %c = load i64, ptr %x, !swallow.memory !0
  %c1 = add i64 %c, 1
  store i64 %c1, ptr %x, !swallow.memory !0
  store i64 7, ptr %y, !swallow.memory !2
  store i64 7, ptr %counter, !swallow.memory !3
  %d = load i64, ptr %x, !swallow.memory !0
  %d1 = sub i64 %d, 1
  store i64 %d1, ptr %x, !swallow.memory !0
  store i64 8, ptr %counter, !swallow.memory !3
  %dead = icmp eq i64 %d1, 0
  br i1 %dead, label %free, label %on
free:
  call void @dealloc(ptr %x)
  br label %on
on:
  %v = load ptr, ptr %y, !swallow.memory !2
  %b = load i64, ptr %v, !swallow.memory !0
  %b1 = add i64 %b, 1
  store i64 %b1, ptr %v, !swallow.memory !0
  store ptr %x, ptr %counter, !swallow.memory !2
  %w = load ptr, ptr %y, !swallow.memory !2
  %e = load i64, ptr %w, !swallow.memory !0
  %e1 = sub i64 %e, 1
  store i64 %e1, ptr %w, !swallow.memory !0
  %gone = icmp eq i64 %e1, 0
  br i1 %gone, label %free.w, label %end
free.w:
  call void @dealloc(ptr %w)
  br label %end
end:
  ret void
}

; Another value than the one that was read is stored to an item: the second load may find it.
define void @other_item(ptr %items, i64 %i, i64 %j, ptr %new) {
; CHECK-LABEL: define void @other_item(
; CHECK: add i64
; CHECK: sub i64
; CHECK: call void @dealloc
entry:
  %pi = getelementptr ptr, ptr %items, i64 %i
  %a = load ptr, ptr %pi, !swallow.memory !1
  %c = load i64, ptr %a, !swallow.memory !0
  %c1 = add i64 %c, 1
  store i64 %c1, ptr %a, !swallow.memory !0
  %pj = getelementptr ptr, ptr %items, i64 %j
  store ptr %new, ptr %pj, !swallow.memory !1
  %pi.2 = getelementptr ptr, ptr %items, i64 %i
  %old = load ptr, ptr %pi.2, !swallow.memory !1
  %d = load i64, ptr %old, !swallow.memory !0
  %d1 = sub i64 %d, 1
  store i64 %d1, ptr %old, !swallow.memory !0
  %dead = icmp eq i64 %d1, 0
  br i1 %dead, label %free, label %on
free:
  call void @dealloc(ptr %old)
  br label %on
on:
  ret void
}

; A call may look at the count, or free what holds the object.
define void @call_between(ptr %x) {
; CHECK-LABEL: define void @call_between(
; CHECK: add i64
; CHECK: call void @anything
; CHECK: sub i64
entry:
  %c = load i64, ptr %x, !swallow.memory !0
  %c1 = add i64 %c, 1
  store i64 %c1, ptr %x, !swallow.memory !0
  call void @anything()
  %d = load i64, ptr %x, !swallow.memory !0
  %d1 = sub i64 %d, 1
  store i64 %d1, ptr %x, !swallow.memory !0
  %dead = icmp eq i64 %d1, 0
  br i1 %dead, label %free, label %on
free:
  call void @dealloc(ptr %x)
  br label %on
on:
  ret void
}

; Another count that goes down may be the last of what holds the object.
define void @down_between(ptr %x, ptr %y) {
; CHECK-LABEL: define void @down_between(
; CHECK: add i64
; CHECK: sub i64
; CHECK: sub i64
entry:
  %c = load i64, ptr %x, !swallow.memory !0
  %c1 = add i64 %c, 1
  store i64 %c1, ptr %x, !swallow.memory !0
  %e = load i64, ptr %y, !swallow.memory !0
  %e1 = sub i64 %e, 1
  store i64 %e1, ptr %y, !swallow.memory !0
  %gone = icmp eq i64 %e1, 0
  br i1 %gone, label %free.y, label %next
free.y:
  call void @dealloc(ptr %y)
  br label %next
next:
  %d = load i64, ptr %x, !swallow.memory !0
  %d1 = sub i64 %d, 1
  store i64 %d1, ptr %x, !swallow.memory !0
  %dead = icmp eq i64 %d1, 0
  br i1 %dead, label %free, label %on
free:
  call void @dealloc(ptr %x)
  br label %on
on:
  ret void
}

; Who asks whether an object has one owner must see all of them.
define i1 @look_between(ptr %x, ptr %y) {
; CHECK-LABEL: define i1 @look_between(
; CHECK: add i64
; CHECK: sub i64
entry:
  %c = load i64, ptr %x, !swallow.memory !0
  %c1 = add i64 %c, 1
  store i64 %c1, ptr %x, !swallow.memory !0
  %owners = load i64, ptr %y, !swallow.memory !0
  %alone = icmp eq i64 %owners, 1
  %d = load i64, ptr %x, !swallow.memory !0
  %d1 = sub i64 %d, 1
  store i64 %d1, ptr %x, !swallow.memory !0
  %dead = icmp eq i64 %d1, 0
  br i1 %dead, label %free, label %on
free:
  call void @dealloc(ptr %x)
  br label %on
on:
  ret i1 %alone
}

; A way on that is no exit.
define void @two_ways(ptr %x, i1 %left) {
; CHECK-LABEL: define void @two_ways(
; CHECK: add i64
; CHECK: sub i64
entry:
  %c = load i64, ptr %x, !swallow.memory !0
  %c1 = add i64 %c, 1
  store i64 %c1, ptr %x, !swallow.memory !0
  br i1 %left, label %one, label %other
one:
  br label %other
other:
  %d = load i64, ptr %x, !swallow.memory !0
  %d1 = sub i64 %d, 1
  store i64 %d1, ptr %x, !swallow.memory !0
  %dead = icmp eq i64 %d1, 0
  br i1 %dead, label %free, label %on
free:
  call void @dealloc(ptr %x)
  br label %on
on:
  ret void
}

; Memory of an unknown sort may be the count.
define void @unknown_store(ptr %x, ptr %y) {
; CHECK-LABEL: define void @unknown_store(
; CHECK: add i64
; CHECK: sub i64
entry:
  %c = load i64, ptr %x, !swallow.memory !0
  %c1 = add i64 %c, 1
  store i64 %c1, ptr %x, !swallow.memory !0
  store i64 7, ptr %y
  %d = load i64, ptr %x, !swallow.memory !0
  %d1 = sub i64 %d, 1
  store i64 %d1, ptr %x, !swallow.memory !0
  %dead = icmp eq i64 %d1, 0
  br i1 %dead, label %free, label %on
free:
  call void @dealloc(ptr %x)
  br label %on
on:
  ret void
}

declare void @dealloc(ptr)
declare void @anything()
declare i64 @llvm.experimental.patchpoint.i64(i64, i32, ptr, i32, ...)

!0 = !{!"count"}
!1 = !{!"items"}
!2 = !{!"other"}
!3 = !{!"own"}
